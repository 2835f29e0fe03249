using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ReleaseViewTests
{
    [Fact]
    public void Gate_StoredWithAllNamesInOneText_HasNoService()
    {
        var release = States.Release("r1-000000") with
        {
            Services = [new("orders", SlotName.Blue, SlotName.Green, 2), new("users", SlotName.Blue, SlotName.Green, 5)],
            Gates = [new("deepHealth", "users", GateStatus.Passed, null), new("approval", "orders, users", GateStatus.Passed, null)],
        };

        View(release).Gates.Select(gate => gate.Service).Should().Equal("users", null);
    }

    [Theory]
    [InlineData("shared-outage", "sharedOutage")]
    [InlineData("no-way-back", "noWayBack")]
    [InlineData("failed", "failed")]
    public void Hold_HoweverItIsStored_IsInCamelCase(string stored, string shown)
    {
        View(States.Release("r1-000000") with { Bake = new() { Outcome = BakeState.Held, Hold = stored } }).Bake.Hold.Should().Be(shown);
    }

    [Theory]
    [InlineData("failed", ReleaseStatus.Baking, "somebody who finishes the release or rolls it back")]
    [InlineData("failed", ReleaseStatus.Shifting, "somebody who resumes the shift, promotes it or aborts it")]
    [InlineData("shared-outage", ReleaseStatus.Draining, "the old slot: the bake goes on by itself when that is healthy again")]
    [InlineData("no-way-back", ReleaseStatus.Baking, "somebody who finishes the release: there is no way back")]
    [InlineData("failed", ReleaseStatus.Succeeded, null)]
    [InlineData(null, ReleaseStatus.Baking, null)]
    public void WaitsFor_OfAHeldRelease_SaysWhoDecides(string? hold, ReleaseStatus status, string? expected)
    {
        View(States.Release("r1-000000", status) with { Bake = new() { Outcome = hold is null ? BakeState.Watching : BakeState.Held, Hold = hold } }).Bake.WaitsFor.Should().Be(expected);
    }

    [Theory]
    [InlineData("given-up", "givenUp")]
    [InlineData("done", "done")]
    [InlineData("release-in-progress", "release-in-progress")]
    public void AuditResult_OwnWords_AreInCamelCaseAndProblemCodesAreNot(string stored, string shown)
    {
        (States.Audit(1) with { Result = stored }).ToWire().Result.Should().Be(shown);
    }

    private static Release View(ReleaseState release) => ReleaseView.Of(release, [], progress: null, services: Services.Catalog("orders", "users"), TimeProvider.System);
}
