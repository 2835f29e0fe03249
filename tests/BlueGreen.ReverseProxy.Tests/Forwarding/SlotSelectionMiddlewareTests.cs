using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class SlotSelectionMiddlewareTests : IDisposable
{
    private readonly ServiceCatalog _services = Services.Catalog("orders");
    private readonly YarpState _yarp = new();
    private readonly RoutingTablePublisher _tables;
    private readonly RouteBinder _binder;
    private readonly Service _orders;

    public SlotSelectionMiddlewareTests()
    {
        _yarp.AddSlotsOf(_services);
        _yarp.AddCluster("other");
        _tables = new RoutingTablePublisher(_services);
        _binder = _yarp.Binder(_services, _tables);
        _orders = _services.All[0];
    }

    public void Dispose() => _yarp.Dispose();

    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public async Task Request_OfAService_IsCountedAndServedByTheActiveSlot(SlotName active)
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        _tables.Switch([(_orders, active)]);
        var served = 0;

        await Middleware(context =>
        {
            served++;
            context.GetReverseProxyFeature().Cluster.Config.ClusterId.Should().Be(_orders[active].ClusterId);
            context.GetRouteModel().Cluster!.ClusterId.Should().Be(_orders[active].ClusterId);
            context.Features.Get<SlotLease>()!.Slot.Should().BeSameAs(_orders[active]);
            _orders[active].InFlight.Count.Should().Be(1);
            _orders[active.Other()].InFlight.Count.Should().Be(0);
            return Task.CompletedTask;
        }).InvokeAsync(YarpState.RequestOn(route));

        served.Should().Be(1);
        _orders[active].InFlight.Count.Should().Be(0);
    }

    // Between the read of the table and the increment: the request's route is on no table, so the middleware binds it on the spot,
    // and the lookup of its clusters is where the switch is published. Without the second look at the table the request would be
    // served by the slot that this switch's drain is about to report as empty.
    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public async Task Request_SwitchBetweenReadAndRegister_IsCountedAndServedByTheNewSlotOnly(SlotName old)
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _tables.Switch([(_orders, old)]);
        var drained = default(Task);
        _yarp.OnClusterLookup = () =>
        {
            if (drained is null)
            {
                _tables.Switch([(_orders, old.Other())]);
                drained = _orders[old].InFlight.WhenIdleAsync(CancellationToken.None);
            }
        };
        var served = 0;

        await Middleware(context =>
        {
            served++;
            drained!.IsCompletedSuccessfully.Should().BeTrue("the old slot was idle at the switch and nothing may come to it after that");
            _orders[old].InFlight.Count.Should().Be(0);
            _orders[old].InFlight.WhenIdleAsync(CancellationToken.None).IsCompletedSuccessfully.Should().BeTrue();
            _orders[old.Other()].InFlight.Count.Should().Be(1);
            context.Features.Get<SlotLease>()!.Slot.Should().BeSameAs(_orders[old.Other()]);
            context.GetReverseProxyFeature().Cluster.Config.ClusterId.Should().Be(_orders[old.Other()].ClusterId);
            return Task.CompletedTask;
        }).InvokeAsync(YarpState.RequestOn(route));

        served.Should().Be(1);
        _orders.Blue.InFlight.Count.Should().Be(0);
        _orders.Green.InFlight.Count.Should().Be(0);
    }

    // There and back again before the increment: the table is another one, but it sends the request where it is counted.
    [Fact]
    public async Task Request_SwitchThereAndBackBetweenReadAndRegister_IsServedByTheSlotThatIsActiveNow()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _yarp.OnClusterLookup = () =>
        {
            _tables.Switch([(_orders, SlotName.Green)]);
            _tables.Switch([(_orders, SlotName.Blue)]);
        };
        var served = 0;

        await Middleware(_ =>
        {
            served++;
            _orders.Blue.InFlight.Count.Should().Be(1);
            _orders.Green.InFlight.Count.Should().Be(0);
            return Task.CompletedTask;
        }).InvokeAsync(YarpState.RequestOn(route));

        served.Should().Be(1);
    }

    [Fact]
    public async Task Request_SwitchWhileItIsServed_StaysCountedOnItsSlotUntilItEnds()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var end = new TaskCompletionSource();
        var serving = Middleware(_ => end.Task).InvokeAsync(YarpState.RequestOn(route));

        _tables.Switch([(_orders, SlotName.Green)]);
        var idle = _orders.Blue.InFlight.WhenIdleAsync(CancellationToken.None);
        idle.IsCompleted.Should().BeFalse();

        end.SetResult();
        await serving;
        await idle.WaitAsync(TestTime.Limit);
    }

    // The lease is taken, and the newer table, which the switch has made necessary to look at, belongs to services without this one.
    [Fact]
    public async Task Request_ServiceRemovedAndSwitchedBetweenReadAndRegister_IsServedAsItWasFirstBound()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _yarp.OnClusterLookup = () =>
        {
            _yarp.OnClusterLookup = () => { };
            _tables.Switch([(_orders, SlotName.Green)]);
            _services.BeginLoad(_services.Prepare([]));
        };
        var served = 0;

        await Middleware(context =>
        {
            served++;
            context.GetReverseProxyFeature().Cluster.Config.ClusterId.Should().Be("orders-green");
            _orders.Green.InFlight.Count.Should().Be(1);
            return Task.CompletedTask;
        }).InvokeAsync(YarpState.RequestOn(route));

        served.Should().Be(1);
        _orders.Green.InFlight.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_NextThrows_GivesItsLeaseBack(bool synchronously)
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        var middleware = Middleware(async _ =>
        {
            if (!synchronously)
            {
                await Task.Yield();
            }

            _orders.Blue.InFlight.Count.Should().Be(1);
            throw new IOException("gone");
        });

        await middleware.Invoking(it => it.InvokeAsync(YarpState.RequestOn(route))).Should().ThrowAsync<IOException>();

        _orders.Blue.InFlight.Count.Should().Be(0);
    }

    [Fact]
    public async Task Request_OfAPlainRoute_TakesNoLeaseAndStaysWhereItWas()
    {
        var route = _yarp.AddRoute("r", "other");
        var served = 0;

        await Middleware(context =>
        {
            served++;
            context.Features.Get<SlotLease>().Should().BeNull();
            context.GetRouteModel().Should().BeSameAs(route);
            (_orders.Blue.InFlight.Count + _orders.Green.InFlight.Count).Should().Be(0);
            return Task.CompletedTask;
        }).InvokeAsync(YarpState.RequestOn(route));

        served.Should().Be(1);
    }

    [Fact]
    public async Task Request_ActiveSlotHasNoCluster_Is503AndGivesItsLeaseBack()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _yarp.RemoveCluster("orders-blue");
        var context = YarpState.RequestOn(route);

        await Middleware(_ => throw new InvalidOperationException("there is nowhere to send it")).InvokeAsync(context);

        context.Response.StatusCode.Should().Be(StatusCodes.Status503ServiceUnavailable);
        _orders.Blue.InFlight.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(PreviewSlot.Standby, SlotName.Green)]
    [InlineData(PreviewSlot.Blue, SlotName.Blue)]
    public async Task Preview_WithAToken_IsCountedApartAndReadsItsDestinationsAfterItsLease(PreviewSlot slot, SlotName expected)
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var context = Asking(route, slot, out var entrance);
        var before = context.GetReverseProxyFeature();
        var served = 0;

        await Forwards.Selection(
            _ =>
            {
                served++;
                context.GetReverseProxyFeature().Should().NotBeSameAs(before, "a deployment may have been applied since YARP has read the destinations");
                context.GetReverseProxyFeature().Cluster.Config.ClusterId.Should().Be(_orders[expected].ClusterId);
                context.Features.Get<SlotLease>()!.Purpose.Should().Be(Purpose.Preview);
                (_orders[expected].InFlight.Previews, _orders.Blue.InFlight.Count + _orders.Green.InFlight.Count).Should().Be((1, 0));
                return Task.CompletedTask;
            },
            _tables,
            _binder,
            entrance).InvokeAsync(context);

        served.Should().Be(1);
        _orders[expected].InFlight.Previews.Should().Be(0);
    }

    [Fact]
    public async Task Preview_WhoseTimeIsOver_IsRefusedAndNeverServed()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        var time = new ManualTime();
        var context = Asking(route, PreviewSlot.Green, out var entrance, time);
        time.Advance(TimeSpan.FromMinutes(1));

        await Forwards.Selection(_ => throw new InvalidOperationException("no slot is for it"), _tables, _binder, entrance).InvokeAsync(context);

        context.Response.StatusCode.Should().Be(StatusCodes.Status403Forbidden);
        (_orders.Green.Previews.Total + _orders.Blue.InFlight.Count).Should().Be(0);
    }

    private static HttpContext Asking(RouteModel route, PreviewSlot slot, out PreviewEntrance entrance, ManualTime? time = null)
    {
        time ??= new ManualTime();
        var secret = new byte[PreviewToken.KeyBytes];
        var keys = new PreviewKeys();
        keys.Publish(new PreviewKeyring([new PreviewKey(1, secret)], []));
        entrance = Forwards.Entrance(keys, time: time);
        var context = YarpState.RequestOn(route);
        context.Request.Headers[GatewayFields.Preview] = PreviewToken.Write(new(7, 1, "orders", slot, time.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds()), secret);
        PreviewRequest.Take(context, hasGatewayField: true);
        return context;
    }

    private SlotSelectionMiddleware Middleware(RequestDelegate next) => Forwards.Selection(next, _tables, _binder);
}
