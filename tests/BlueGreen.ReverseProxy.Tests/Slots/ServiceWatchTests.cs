using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>What counts a service's split requests: made by what makes the routes, and only looked at by everybody else.</summary>
public sealed class ServiceWatchTests
{
    private readonly Service _service = new(0, new ServiceOptions { Name = "orders", Blue = "b", Green = "g" }, new ManualTime());

    [Fact]
    public void FindConfirmation_OfTheAttemptBefore_LeavesTheOneThatCounts()
    {
        _service.ConfirmationOf("r1.1", TrafficKeyKind.Request, 0, hangAfter: null);
        var second = _service.ConfirmationOf("r1.2", TrafficKeyKind.Request, 0, hangAfter: null);

        _service.FindConfirmation("r1.1").Should().BeNull();
        _service.FindConfirmation("r1.2").Should().BeSameAs(second);
        _service.ConfirmationOf("r1.2", TrafficKeyKind.Request, 0, hangAfter: null).Should().BeSameAs(second);
    }

    [Fact]
    public void FindWatch_OfTheReleaseBefore_LeavesTheOneThatCounts()
    {
        _service.WatchOf("r1", TrafficKeyKind.Request);
        var second = _service.WatchOf("r2", TrafficKeyKind.Request);

        _service.FindWatch("r1").Should().BeNull();
        _service.FindWatch("r2").Should().BeSameAs(second);
    }
}
