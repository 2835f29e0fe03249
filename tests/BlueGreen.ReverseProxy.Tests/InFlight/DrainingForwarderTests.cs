using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.Routing;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.InFlight;

public sealed class DrainingForwarderTests : IDisposable
{
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");
    private readonly DefaultHttpContext _context = new();
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler());

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Send_WithALease_PassesTheTokenOfItsDrain()
    {
        var token = default(CancellationToken);

        await SendAsync(new SlotLease(_slot, _context.Response), passed =>
        {
            token = passed;
            return ForwarderError.None;
        });

        token.Should().Be(_slot.Drain.Token);
        _context.Response.StatusCode.Should().Be(StatusCodes.Status200OK);
    }

    [Theory]
    [InlineData(ForwarderError.RequestCanceled)]
    [InlineData(ForwarderError.ResponseBodyCanceled)]
    [InlineData(ForwarderError.UpgradeRequestCanceled)]
    public async Task Send_CancelledAtTheDeadline_Is504AndCounted(ForwarderError error)
    {
        var drain = _slot.Drain;

        await SendAsync(new SlotLease(_slot, _context.Response), _ =>
        {
            drain.Raise();
            _context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return error;
        });

        _context.Response.StatusCode.Should().Be(StatusCodes.Status504GatewayTimeout);
        drain.Aborted.Should().Be(1);
    }

    // It failed while the drain's deadline passed, but not because of it.
    [Theory]
    [InlineData(ForwarderError.Request)]
    [InlineData(ForwarderError.RequestTimedOut)]
    [InlineData(ForwarderError.None)]
    public async Task Send_EndedByItselfAtTheDeadline_IsNotCounted(ForwarderError error)
    {
        var drain = _slot.Drain;

        await SendAsync(new SlotLease(_slot, _context.Response), _ =>
        {
            drain.Raise();
            _context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return error;
        });

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
        drain.Aborted.Should().Be(0);
    }

    [Fact]
    public async Task Send_ClientGoneAtTheDeadline_IsNotCounted()
    {
        var drain = _slot.Drain;

        await SendAsync(new SlotLease(_slot, _context.Response), _ =>
        {
            drain.Raise();
            _context.RequestAborted = new CancellationToken(canceled: true);
            return ForwarderError.RequestCanceled;
        });

        drain.Aborted.Should().Be(0);
    }

    // The lease holds the signal of its own time: the slot is active again, and this request is one of those that were told to end.
    [Fact]
    public async Task Send_SlotReactivatedSinceTheLease_SpeaksForTheOldDrain()
    {
        var drain = _slot.Drain;
        var lease = new SlotLease(_slot, _context.Response);
        drain.Raise();
        _slot.Reactivate();

        await SendAsync(lease, token =>
        {
            token.IsCancellationRequested.Should().BeTrue();
            return ForwarderError.RequestCanceled;
        });

        drain.Aborted.Should().Be(1);
        _slot.Drain.Aborted.Should().Be(0);
    }

    [Fact]
    public async Task Send_WithoutALease_PassesTheCallersToken()
    {
        using var caller = new CancellationTokenSource();
        var token = default(CancellationToken);
        var forwarder = new DrainingForwarder(new Inner(passed =>
        {
            token = passed;
            return ForwarderError.None;
        }), TimeProvider.System);

        await forwarder.SendAsync(_context, "http://a/", _client, ForwarderRequestConfig.Empty, HttpTransformer.Default, caller.Token);

        token.Should().Be(caller.Token);
    }

    // YARP's pipeline calls the overload without a token.
    private async Task SendAsync(SlotLease lease, Func<CancellationToken, ForwarderError> send)
    {
        _context.Features.Set(lease);
        await new DrainingForwarder(new Inner(send), TimeProvider.System).SendAsync(_context, "http://a/", _client, ForwarderRequestConfig.Empty, HttpTransformer.Default);
    }

    private sealed class Inner(Func<CancellationToken, ForwarderError> send) : IHttpForwarder
    {
        public ValueTask<ForwarderError> SendAsync(
            HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
            throw new NotSupportedException("this overload drops the token");

        public ValueTask<ForwarderError> SendAsync(
            HttpContext context,
            string destinationPrefix,
            HttpMessageInvoker httpClient,
            ForwarderRequestConfig requestConfig,
            HttpTransformer transformer,
            CancellationToken cancellationToken) => ValueTask.FromResult(send(cancellationToken));
    }
}
