using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Clients with addresses of their own (127.0.0.2, 127.0.0.3, …), each sending one request after the other at a pace.</summary>
internal sealed class Crowd : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, long> _badByClient = new();
    private readonly ConcurrentDictionary<string, long> _byEnvironment = new(StringComparer.Ordinal);
    private readonly List<HttpClient> _http = [];
    private readonly List<Task> _clients = [];
    private long _bad;
    private long _requests;

    /// <summary>Starts the clients.</summary>
    /// <param name="url">The gateway.</param>
    /// <param name="clients">How many.</param>
    /// <param name="pause">What each waits between two requests.</param>
    /// <param name="path">What they ask for.</param>
    /// <param name="firstAddress">The last number of the first one's address.</param>
    public Crowd(string url, int clients, TimeSpan pause, string path = "/orders/1", int firstAddress = 2)
    {
        for (var index = 0; index < clients; index++)
        {
            var address = firstAddress + index;
            var http = From(url, address);
            _http.Add(http);
            _clients.Add(Task.Run(() => RunAsync(http, path, address, pause)));
        }
    }

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Answers of 500 and above.</summary>
    public long Bad => Interlocked.Read(ref _bad);

    /// <summary>How many clients got one.</summary>
    public int ClientsWithBad => _badByClient.Count;

    public long From(string environment) => _byEnvironment.GetValueOrDefault(environment);

    /// <summary>A client whose connections come from 127.0.0.{address}.</summary>
    public static HttpClient From(string url, int address) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{address}"), 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri(url),
    };

    public async Task UntilAsync(Func<Crowd, bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!condition(this))
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        _http.ForEach(http => http.Dispose());
        _stop.Dispose();
    }

    private async Task RunAsync(HttpClient http, string path, int address, TimeSpan pause)
    {
        while (!_stop.IsCancellationRequested)
        {
            using var response = await http.GetAsync(path);
            await response.Content.ReadAsByteArrayAsync();
            Interlocked.Increment(ref _requests);
            if (response.Headers.TryGetValues("X-Environment", out var environment))
            {
                _byEnvironment.AddOrUpdate(environment.Single(), 1, (_, count) => count + 1);
            }

            if ((int)response.StatusCode >= 500)
            {
                Interlocked.Increment(ref _bad);
                _badByClient.AddOrUpdate(address, 1, (_, count) => count + 1);
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, CancellationToken.None);
            }
        }
    }
}
