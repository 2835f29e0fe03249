using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A WebSocket client that numbers its messages and notes how the connection ended.</summary>
internal sealed class EchoClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private Task<string?>? _listening;
    private readonly byte[] _buffer = new byte[4096];

    public long Sent { get; private set; }

    public long Answered { get; private set; }

    public int? CloseCode { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>How the connection broke, when it was not closed as the protocol has it.</summary>
    public string? Broken { get; private set; }

    public static async Task<EchoClient> ConnectAsync(string url, Version version, string path = "/orders/ws", params (string Name, string Value)[] headers)
    {
        var client = new EchoClient();
        client._socket.Options.HttpVersion = version;
        client._socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        foreach (var (name, value) in headers)
        {
            client._socket.Options.SetRequestHeader(name, value);
        }

        client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await client._socket.ConnectAsync(new Uri(url.Replace("http://", "ws://", StringComparison.Ordinal) + path), client._http, CancellationToken.None);
        return client;
    }

    /// <summary>Sends one message and takes its answer.</summary>
    /// <returns>The version that answered; null when the connection was closed instead.</returns>
    public async Task<string?> EchoAsync(string? text = null)
    {
        var message = $"{(++Sent).ToString(CultureInfo.InvariantCulture)}{text}";
        await _socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var answer = await (_listening ?? ReceiveAsync());
        _listening = null;
        if (answer is null)
        {
            return null;
        }

        answer.Should().EndWith($":{message}");
        Answered++;
        return answer.Split(':')[0];
    }

    /// <summary>Waits for the close frame and answers it.</summary>
    public async Task UntilClosedAsync()
    {
        while (CloseCode is null && Broken is null)
        {
            await ReceiveAsync();
        }
    }

    /// <summary>Echoes with pauses until it is closed; never throws, <see cref="Broken"/> says what went wrong.</summary>
    public async Task EchoUntilClosedAsync(TimeSpan pause)
    {
        try
        {
            while (CloseCode is null && await EchoAsync() is not null)
            {
                await PauseAsync(pause);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            // A message that is sent while the close frame is being answered is a message after the end, not a break.
            Broken = CloseCode is null ? exception.ToString() : null;
        }
    }

    // Listens while it has nothing to say, as clients do.
    private async Task PauseAsync(TimeSpan pause)
    {
        _listening ??= ReceiveAsync();
        if (await Task.WhenAny(_listening, Task.Delay(pause)) == _listening)
        {
            var nothing = await _listening;
            _listening = null;
            nothing.Should().BeNull("nobody asked for this");
        }
    }

    public async Task CloseAsync()
    {
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        CloseCode = (int?)_socket.CloseStatus;
    }

    /// <summary>Cuts the connection without a word.</summary>
    public void Vanish() => _socket.Abort();

    public void Dispose()
    {
        _socket.Dispose();
        _http.Dispose();
    }

    private async Task<string?> ReceiveAsync()
    {
        try
        {
            var text = new StringBuilder();
            while (true)
            {
                var received = await _socket.ReceiveAsync(_buffer, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    CloseCode = (int?)received.CloseStatus;
                    Reason = received.CloseStatusDescription;
                    await _socket.CloseOutputAsync(received.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return null;
                }

                text.Append(Encoding.UTF8.GetString(_buffer, 0, received.Count));
                if (received.EndOfMessage)
                {
                    return text.ToString();
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            Broken = exception.ToString();
            return null;
        }
    }
}
