using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Routing;
using Polly;
using Polly.Timeout;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Sends one probe and judges the answer. Its connections are its own: load on the proxied ones says nothing about health.</summary>
internal sealed class ProbeClient(TimeProvider time, DestinationConnector connector) : IDisposable
{
    /// <summary>The largest report that is read, in bytes.</summary>
    public const int MaxReportBytes = 64 * 1024;

    private const int MaxHeaderKilobytes = 16;

    private readonly HttpClient _client = CreateClient(connector, acceptAnyCertificate: false);
    private readonly HttpClient _trustingClient = CreateClient(connector, acceptAnyCertificate: true);

    /// <summary>Probes a destination once. Whatever goes wrong becomes a failed probe with its reason.</summary>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<ProbeStatus> ProbeAsync(HealthOptions options, ClusterConfig cluster, DestinationConfig destination, CancellationToken cancellationToken)
    {
        if (destination.Metadata?.GetValueOrDefault(NamedDestinations.ProblemKey) is { } problem)
        {
            return new ProbeStatus(time.GetUtcNow(), Passed: false, StatusCode: null, 0, problem, Report: null);
        }

        var timeout = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(options.Timeout).Build();
        var started = time.GetTimestamp();
        var attempt = new Attempt();
        string? reason;
        try
        {
            reason = await timeout.ExecuteAsync(
                async (state, token) => await state.Client.SendAsync(state.options, state.cluster, state.destination, state.attempt, token),
                (Client: this, options, cluster, destination, attempt),
                cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            reason = attempt.StatusCode is null
                ? $"no answer within {options.Timeout.TotalSeconds:0.###} s"
                : $"the report was not complete within {options.Timeout.TotalSeconds:0.###} s";
        }
        catch (HttpRequestException exception)
        {
            reason = attempt.StatusCode is null ? Describe(exception) : CutOff(exception);
        }
        catch (IOException exception)
        {
            reason = CutOff(exception);
        }

#pragma warning disable CA1031 // Whatever else can go wrong, the destination has not shown that it is healthy.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            reason = $"the probe failed: {exception.Message}";
        }

        return new ProbeStatus(
            time.GetUtcNow(),
            reason is null,
            attempt.StatusCode,
            Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1),
            reason,
            attempt.Report);
    }

    public void Dispose()
    {
        _client.Dispose();
        _trustingClient.Dispose();
    }

    private static HttpClient CreateClient(DestinationConnector connector, bool acceptAnyCertificate)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ActivityHeadersPropagator = null,
            ConnectCallback = connector.ConnectAsync,
        };
        if (acceptAnyCertificate)
        {
#pragma warning disable MA0039, CA5359 // Only for clusters whose own DangerousAcceptAnyServerCertificate says so: the probe goes where the requests go.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore MA0039, CA5359
        }

        // The timeout is the pipeline's, on the injected clock.
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private async ValueTask<string?> SendAsync(
        HealthOptions options, ClusterConfig cluster, DestinationConfig destination, Attempt attempt, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(destination, options.Path))
        {
            Version = cluster.HttpRequest?.Version ?? HttpVersion.Version20,
            VersionPolicy = cluster.HttpRequest?.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.UserAgent.ParseAdd("BlueGreen.Gateway");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Host = destination.Metadata?.GetValueOrDefault(NamedDestinations.HealthHostKey) ?? destination.Host;

        var client = cluster.HttpClient?.DangerousAcceptAnyServerCertificate == true ? _trustingClient : _client;
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        attempt.StatusCode = (int)response.StatusCode;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxReportBytes + 1);
        try
        {
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxReportBytes + 1), MaxReportBytes + 1, throwOnEndOfStream: false, cancellationToken);
            if (length > MaxReportBytes)
            {
                return "the report is larger than 64 KiB";
            }

            if (ReportParser.TryParse(buffer.AsMemory(0, length), out var report, out var error))
            {
                attempt.Report = report;
            }

            return ReportJudge.ReasonToFail(options, (int)response.StatusCode, report, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Uri AddressOf(DestinationConfig destination, string path)
    {
        var address = string.IsNullOrEmpty(destination.Health) ? destination.Address : destination.Health;
        return new Uri(address.TrimEnd('/') + path, UriKind.Absolute);
    }

    private static string Describe(HttpRequestException exception) => exception.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } unknown => $"name does not resolve: {unknown.Message}",
        SocketException socket => $"can't connect: {socket.Message}",
        DestinationRefusedException refused => refused.Message,
        AuthenticationException tls => $"no TLS connection: {tls.Message.TrimEnd('.')}",
        IOException io => $"the connection broke: {io.Message.TrimEnd('.')}",
        _ => exception.Message.TrimEnd('.'),
    };

    private static string CutOff(Exception exception) => $"the report was cut off: {(exception.InnerException ?? exception).Message.TrimEnd('.')}";

    private sealed class Attempt
    {
        public int? StatusCode { get; set; }

        public HealthReport? Report { get; set; }
    }
}
