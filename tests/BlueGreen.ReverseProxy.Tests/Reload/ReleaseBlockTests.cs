using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Reload;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Reload;

/// <summary>Which releases a change of the services has to wait for.</summary>
public sealed class ReleaseBlockTests
{
    private readonly ServiceCatalog _services = Services.Catalog("items", "orders");

    [Theory]
    [InlineData(ReleaseStatus.Verifying, "verifying", "wait for it, or abort it")]
    [InlineData(ReleaseStatus.AwaitingApproval, "awaitingApproval", "wait for it, or abort it")]
    [InlineData(ReleaseStatus.Draining, "draining", "wait for it, finish it, or roll it back")]
    [InlineData(ReleaseStatus.Baking, "baking", "wait for it, finish it, or roll it back")]
    public void Find_ServiceRemovedWithARelease_SaysWhichAndWhatToDo(ReleaseStatus status, string name, string advice)
    {
        var block = Find(Services.Options("items"), States.Release("r7", status)).Should().ContainSingle().Subject;

        block.Text.Should().Be($"BlueGreen:Services:orders can't be removed while release r7 runs for it ({name}): {advice}. The whole change is applied as soon as the release has ended.");
        (block.Service, block.Release).Should().Be(("orders", "r7"));
    }

    [Fact]
    public void Find_ServiceWithOtherClusters_IsBlockedAsWell()
    {
        var options = Services.Options("items", "orders");
        var next = _services.Prepare([options.Services["items"], options.Services["orders"] with { Green = "other" }]);

        ReleaseBlock.Find(_services.Current, next, Running(States.Release("r7"))).Should().ContainSingle().Which.Text.Should().Contain("can't be given other clusters");
    }

    [Fact]
    public void Find_ReleaseOfAServiceThatStaysOrWasRolledBack_IsInNobodysWay()
    {
        var release = States.Release("r7");
        Find(Services.Options("orders"), release).Should().BeEmpty();
        Find(Services.Options("items"), release with { Services = [release.Services[0] with { Outcome = ServiceOutcomes.RolledBack }] }).Should().BeEmpty();
    }

    private IReadOnlyList<ReleaseBlock> Find(BlueGreenOptions options, ReleaseState release) =>
        ReleaseBlock.Find(_services.Current, _services.Prepare(options.Services.Values), Running(release));

    private static GatewayState Running(ReleaseState release) => States.Of("items", "orders") with { Running = [release] };
}
