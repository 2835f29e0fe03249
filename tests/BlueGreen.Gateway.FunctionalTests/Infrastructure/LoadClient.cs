using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// Steady requests over kept-alive connections, with bodies, each checked against what the switch had been acknowledged as when
/// it started.
/// </summary>
internal sealed class LoadClient : IAsyncDisposable
{
    private const int MaxBodyBytes = 20_000;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly TimeSpan _pause;
    private readonly HttpClient _http;
    private readonly Task[] _clients;
    private string? _acknowledged;
    private long _epoch;
    private long _requests;
    private long _checked;
    private int _onTheirWay;

    /// <summary>Starts the clients.</summary>
    /// <param name="url">The gateway.</param>
    /// <param name="clients">How many at once.</param>
    /// <param name="version">What they speak.</param>
    /// <param name="pause">Between two requests of one client; without one, the clients take all the CPU that there is.</param>
    public LoadClient(string url, int clients, Version version, TimeSpan pause = default)
    {
        _pause = pause;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(url),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _clients = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client)))];
    }

    public IReadOnlyCollection<string> Failures => _failures;

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Requests that started after one acknowledgement and whose slot was read before the next switch was asked for.</summary>
    public long Checked => Interlocked.Read(ref _checked);

    /// <summary>From here on either slot may answer.</summary>
    public void SwitchAsked()
    {
        Volatile.Write(ref _acknowledged, null);
        Interlocked.Increment(ref _epoch);
    }

    /// <summary>From here on no request that starts may be answered by the other slot.</summary>
    public void SwitchAcknowledged(string slot)
    {
        Interlocked.Increment(ref _epoch);
        Volatile.Write(ref _acknowledged, slot);
    }

    /// <summary>Requests that were sent and are not answered yet.</summary>
    public int OnTheirWay => Volatile.Read(ref _onTheirWay);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        while (!_stop.IsCancellationRequested)
        {
            var body = new byte[random.Next(MaxBodyBytes)];
            random.NextBytes(body);
            try
            {
                Interlocked.Increment(ref _onTheirWay);
                try
                {
                    await SendAsync(body);
                }
                finally
                {
                    Interlocked.Decrement(ref _onTheirWay);
                }

                if (_pause > TimeSpan.Zero)
                {
                    await Task.Delay(_pause, _stop.Token);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                _failures.Enqueue(exception.ToString());
            }
        }
    }

    private async Task SendAsync(byte[] body)
    {
        // Order matters: the epoch is read before the acknowledged slot, so a switch in between is noticed at the end.
        var epoch = Interlocked.Read(ref _epoch);
        var acknowledged = Volatile.Read(ref _acknowledged);
        using var response = await _http.PostAsync("/orders/echo", new ByteArrayContent(body));
        var text = await response.Content.ReadAsStringAsync();
        var slot = response.Headers.TryGetValues("X-Environment", out var values) ? string.Join(",", values) : "none";
        Interlocked.Increment(ref _requests);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            _failures.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} from {slot}: {text}"));
            return;
        }

        var expected = $"{(slot == "blue" ? "1.0.0" : "2.0.0")} {Convert.ToHexStringLower(SHA256.HashData(body))}";
        if (text != expected)
        {
            _failures.Enqueue($"answered {text}, expected {expected}");
        }

        if (acknowledged is not null && Interlocked.Read(ref _epoch) == epoch)
        {
            Interlocked.Increment(ref _checked);
            if (slot != acknowledged)
            {
                _failures.Enqueue($"started after {acknowledged} was acknowledged, served by {slot}");
            }
        }
    }
}
