using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>
/// A TCP proxy in front of the admin API that loses answers: it passes a call on, waits for the gateway's answer, and cuts the
/// connection in its place. What was asked for has taken effect, and the caller can't know.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly string _method;
    private readonly Task _loop;
    private int _toCut;

    public CuttingProxy(string target, string method, int answers)
    {
        _target = new Uri(target);
        _method = method;
        _toCut = answers;
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _loop = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>How many answers were lost.</summary>
    public int Cut { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var caller = client;
        using var gateway = new TcpClient();
        try
        {
            await gateway.ConnectAsync(_target.Host, _target.Port, _stop.Token);
            var cut = new StrongBox<bool>();
            await await Task.WhenAny(AskAsync(caller.GetStream(), gateway.GetStream(), cut), AnswerAsync(caller, gateway.GetStream(), cut));
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side has gone.
        }
    }

    private async Task AskAsync(NetworkStream caller, NetworkStream gateway, StrongBox<bool> cut)
    {
        var buffer = new byte[64 * 1024];
        int length;
        while ((length = await caller.ReadAsync(buffer, _stop.Token)) > 0)
        {
            // Before the call is passed on, so that its answer can't overtake this.
            cut.Value |= _toCut > 0 && Encoding.ASCII.GetString(buffer, 0, length).StartsWith(_method + " ", StringComparison.Ordinal);
            await gateway.WriteAsync(buffer.AsMemory(0, length), _stop.Token);
        }
    }

    private async Task AnswerAsync(TcpClient caller, NetworkStream gateway, StrongBox<bool> cut)
    {
        var buffer = new byte[64 * 1024];
        int length;
        while ((length = await gateway.ReadAsync(buffer, _stop.Token)) > 0)
        {
            if (cut.Value)
            {
                _toCut--;
                Cut++;
                caller.Client.LingerState = new LingerOption(true, 0);
                return;
            }

            await caller.GetStream().WriteAsync(buffer.AsMemory(0, length), _stop.Token);
        }
    }
}
