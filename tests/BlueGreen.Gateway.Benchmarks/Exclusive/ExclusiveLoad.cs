using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace BlueGreen.Gateway.Benchmarks.Exclusive;

/// <summary>Clients that send one request after the other, as fast as they are answered: over HTTP/1.1 and HTTP/2, with and without bodies. None repeats a request.</summary>
internal sealed class ExclusiveLoad : IAsyncDisposable
{
    private const int BodyBytes = 48 * 1024;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<HttpClient> _https = [];
    private readonly Task[] _clients;
    private readonly byte[] _body = new byte[BodyBytes];
    private long _requests;
    private long _slowest;

    /// <param name="http1">Where the gateway speaks HTTP/1.1.</param>
    /// <param name="http2">Where it speaks HTTP/2.</param>
    /// <param name="clients">How many at once: a half over each, a half with bodies. Those of HTTP/2 share one connection.</param>
    public ExclusiveLoad(Uri http1, Uri http2, int clients)
    {
        var shared = Create(http2);
        _clients =
        [
            .. Enumerable.Range(0, clients).Select(number => Task.Run(() => number % 2 == 0
                ? RunAsync(Create(http1), HttpVersion.Version11, hasBody: number % 4 < 2)
                : RunAsync(shared, HttpVersion.Version20, hasBody: number % 4 < 2))),
        ];
    }

    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>The longest time from a request to its answer.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    public async Task UntilAsync(int requests)
    {
        while (Interlocked.Read(ref _requests) < requests)
        {
            await Task.Delay(Poll);
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _https.ForEach(client => client.Dispose());
        _stop.Dispose();
    }

    private HttpClient Create(Uri address)
    {
        var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
        lock (_https)
        {
            _https.Add(client);
        }

        return client;
    }

    private async Task RunAsync(HttpClient client, Version version, bool hasBody)
    {
        while (!_stop.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            try
            {
                using var content = hasBody ? new ByteArrayContent(_body) : null;
                using var request = new HttpRequestMessage(hasBody ? HttpMethod.Post : HttpMethod.Get, "/orders-0/1042")
                {
                    Content = content,
                    Version = version,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                using var response = await client.SendAsync(request);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    Failures.Enqueue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                }
            }
            catch (HttpRequestException exception)
            {
                Failures.Enqueue(exception.ToString());
            }

            Interlocked.Increment(ref _requests);
            for (var known = Interlocked.Read(ref _slowest); clock.Elapsed.Ticks > known && Interlocked.CompareExchange(ref _slowest, clock.Elapsed.Ticks, known) != known;)
            {
                known = Interlocked.Read(ref _slowest);
            }
        }
    }
}
