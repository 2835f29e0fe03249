using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Shutdown;

public sealed class TrafficStopTests
{
    private readonly ServiceCatalog _services;
    private readonly TrafficStop _stop;

    public TrafficStopTests()
    {
        var options = Services.Options("orders");
        _services = new ServiceCatalog(options);
        var limiter = new ConnectionLimiter(new CurrentOptions(options), new DescriptorBudget(), TimeProvider.System, NullLogger<ConnectionLimiter>.Instance);
        _stop = new TrafficStop(
            new CurrentOptions(options), _services, new MirrorRuns(TimeProvider.System), new Listeners(options, limiter, TimeProvider.System), mark: null!, TimeProvider.System, NullLogger<TrafficStop>.Instance);
    }

    // It came in on an idle connection while the last step was beginning: it is answered in the time that the connections have to close.
    [Fact]
    public async Task CancelRemaining_NothingIsInFlight_LeavesARequestThatComesLateAlone()
    {
        await CancelRemainingAsync();

        using var late = new SlotLease(_services.Entry("orders").Blue);
        late.DrainToken.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public async Task CancelRemaining_SomethingIsInFlight_CancelsBothSlots()
    {
        var orders = _services.Entry("orders");
        orders.Blue.InFlight.Increment();

        await CancelRemainingAsync();

        SlotNames.All.Should().OnlyContain(slot => orders[slot].Drain.IsRaised);
    }

    private Task CancelRemainingAsync() => _stop.Rest.Single(step => step.Name == "cancel the requests that are left").RunAsync(CancellationToken.None);
}
