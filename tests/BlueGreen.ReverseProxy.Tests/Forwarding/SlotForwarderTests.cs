using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class SlotForwarderTests : IDisposable
{
    private static readonly TimeSpan Configured = TimeSpan.FromSeconds(100);

    private static readonly SlotResponseHeaders Headers = new(new CurrentOptions(new BlueGreenOptions()));

    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");
    private readonly DefaultHttpContext _context = new();
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler());

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Send_WithALease_PassesTheTokenOfItsDrain()
    {
        var token = default(CancellationToken);

        var lease = new SlotLease(_slot);
        await SendAsync(lease, passed =>
        {
            token = passed;
            return ForwarderError.None;
        });

        token.Should().Be(lease.DrainToken);
        _context.Response.StatusCode.Should().Be(StatusCodes.Status200OK);
    }

    // What outlives a request may be quiet for as long as it likes.
    [Theory]
    [InlineData("Content-Type", "application/grpc", "HTTP/2", true)]
    [InlineData("Content-Type", "application/grpc+proto", "HTTP/2", true)]
    [InlineData("Content-Type", "application/grpc-web", "HTTP/2", false)]
    [InlineData("Content-Type", "application/grpc", "HTTP/1.1", false)]
    [InlineData("Accept", "text/event-stream", "HTTP/1.1", true)]
    [InlineData("Accept", "text/html", "HTTP/1.1", false)]
    [InlineData("Content-Type", "application/grpc", "HTTP/1.0", false)]
    [InlineData("Accept", "application/json, text/event-stream", "HTTP/1.1", true)]
    [InlineData("Accept", "application/json,TEXT/Event-Stream;q=0.5, */*", "HTTP/2", true)]
    [InlineData("Accept", "text/event-streams", "HTTP/1.1", false)]
    [InlineData("Accept", "text/event", "HTTP/1.1", false)]
    public async Task Send_OfWhatOutlivesARequest_HasNoActivityTimeout(string header, string value, string protocol, bool isEndless)
    {
        _context.Request.Protocol = protocol;
        _context.Request.Headers[header] = value;
        using var lease = Lease();

        var timeout = await TimeoutAsync(lease);

        timeout.Should().Be(isEndless ? Timeout.InfiniteTimeSpan : Configured);
    }

    [Fact]
    public async Task Send_OfAStream_KeepsATimeoutThatIsConfigured()
    {
        _context.Request.Headers.Accept = "text/event-stream";
        _slot.HasActivityTimeout = true;
        using var lease = Lease();

        (await TimeoutAsync(lease)).Should().Be(Configured);
    }

    [Fact]
    public async Task Send_AcceptInTwoLines_FindsTheEventStreamInTheSecond()
    {
        _context.Request.Protocol = "HTTP/1.1";
        _context.Request.Headers.Accept = new(["application/json", "text/event-stream"]);
        using var lease = Lease();

        (await TimeoutAsync(lease)).Should().Be(Timeout.InfiniteTimeSpan);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_WithALeaseAndACallersToken_IsEndedByEither(bool byCaller)
    {
        using var caller = new CancellationTokenSource();
        _context.Features.Set(Lease());
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var forwarder = new SlotForwarder(new Inner(passed =>
        {
            passed.IsCancellationRequested.Should().BeFalse();
            using var registration = passed.Register(ended.SetResult);
            if (byCaller)
            {
                caller.Cancel();
            }
            else
            {
                _slot.Drain.Raise();
            }

            ended.Task.Wait(TestTime.Limit, CancellationToken.None).Should().BeTrue();
            return ForwarderError.RequestCanceled;
        }), Headers, Services.Listeners(), TimeProvider.System);

        await forwarder.SendAsync(_context, "http://a/", _client, ForwarderRequestConfig.Empty, HttpTransformer.Default, caller.Token);
    }

    [Fact]
    public async Task Send_WithoutALease_PassesTheCallersToken()
    {
        using var caller = new CancellationTokenSource();
        var token = default(CancellationToken);
        var forwarder = new SlotForwarder(new Inner(passed =>
        {
            token = passed;
            return ForwarderError.None;
        }), Headers, Services.Listeners(), TimeProvider.System);

        await forwarder.SendAsync(_context, "http://a/", _client, ForwarderRequestConfig.Empty, HttpTransformer.Default, caller.Token);

        token.Should().Be(caller.Token);
    }

    private SlotLease Lease()
    {
        _slot.InFlight.Increment();
        return new SlotLease(_slot);
    }

    private async Task<TimeSpan?> TimeoutAsync(SlotLease lease)
    {
        _context.Features.Set(lease);
        var inner = new Inner(_ => ForwarderError.None);
        await new SlotForwarder(inner, Headers, Services.Listeners(), TimeProvider.System).SendAsync(
            _context, "http://a/", _client, new ForwarderRequestConfig { ActivityTimeout = Configured }, HttpTransformer.Default);
        return inner.Config!.ActivityTimeout;
    }

    // YARP's pipeline calls the overload without a token.
    private async Task SendAsync(SlotLease lease, Func<CancellationToken, ForwarderError> send)
    {
        _context.Features.Set(lease);
        await new SlotForwarder(new Inner(send), Headers, Services.Listeners(), TimeProvider.System).SendAsync(_context, "http://a/", _client, ForwarderRequestConfig.Empty, HttpTransformer.Default);
    }

    private sealed class Inner(Func<CancellationToken, ForwarderError> send) : IHttpForwarder
    {
        public ForwarderRequestConfig? Config { get; private set; }

        public ValueTask<ForwarderError> SendAsync(
            HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
            throw new NotSupportedException("this overload drops the token");

        public ValueTask<ForwarderError> SendAsync(
            HttpContext context,
            string destinationPrefix,
            HttpMessageInvoker httpClient,
            ForwarderRequestConfig requestConfig,
            HttpTransformer transformer,
            CancellationToken cancellationToken)
        {
            Config = requestConfig;
            return ValueTask.FromResult(send(cancellationToken));
        }
    }
}
