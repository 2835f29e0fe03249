using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Polly;
using Polly.Timeout;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>Requests the configured paths of every destination, so that caches, compilers and connection pools are warm at the switch.</summary>
internal sealed class SlotWarmer(HealthMonitor monitor, DestinationConnector connector, TimeProvider time) : IDisposable
{
    private const int ShownFailures = 3;

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ActivityHeadersPropagator = null,
        ConnectCallback = connector.ConnectAsync,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { { "User-Agent", "BlueGreen.Gateway" } },
    };

    public async Task<GateResult> WarmUpAsync(Service service, Slot slot, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var probers = monitor.ProbersOf(slot);
        var results = await Task.WhenAll(probers.Select(prober => WarmUpAsync(service.Options.WarmUp, prober, cancellationToken)));
        var failures = results.SelectMany(result => result).ToList();
        var requests = probers.Length * service.Options.WarmUp.Paths.Length * service.Options.WarmUp.Count;
        return failures.Count == 0
            ? new GateResult(GateNames.WarmUp, service.Name, GateStatus.Passed, $"{Counted.Of(requests, "request")} in {time.GetElapsedTime(started).TotalSeconds:0.0} s")
            : new GateResult(
                GateNames.WarmUp,
                service.Name,
                GateStatus.Failed,
                $"{failures.Count} of {Counted.Of(requests, "request")} failed: {string.Join("; ", failures.Distinct(StringComparer.Ordinal).Take(ShownFailures))}");
    }

    public void Dispose() => _client.Dispose();

    private async Task<IReadOnlyCollection<string>> WarmUpAsync(WarmUpOptions options, DestinationProber prober, CancellationToken cancellationToken)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var requests = Enumerable.Range(0, options.Count).SelectMany(_ => options.Paths);
        await Parallel.ForEachAsync(
            requests,
            new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken },
            async (path, token) =>
            {
                if (await RequestAsync(options, prober, path, token) is { } failure)
                {
                    failures.Enqueue($"{prober.Id} {path}: {failure}");
                }
            });
        return failures;
    }

    private async Task<string?> RequestAsync(WarmUpOptions options, DestinationProber prober, string path, CancellationToken cancellationToken)
    {
        var timeout = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(options.Timeout).Build();
        try
        {
            return await timeout.ExecuteAsync(
                async token =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, prober.Model.Config.Address.TrimEnd('/') + path)
                    {
                        Version = HttpVersion.Version20,
                        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
                    };
                    request.Headers.Host = prober.Model.Config.Host;
                    using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
                    await response.Content.CopyToAsync(Stream.Null, token);
                    return options.ExpectStatus.Contains((int)response.StatusCode) ? null : $"status code {(int)response.StatusCode}, expected {options.ExpectStatus}";
                },
                cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return $"no answer within {options.Timeout.TotalSeconds:0.###} s";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
