using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class CutoverOrderTests
{
    private readonly StateChange _state = States.Of("orders", "users").Change();

    [Theory]
    [InlineData(null)]
    [InlineData(SlotName.Green)]
    public void Cutover_ToTheStandby_BecomesARelease(SlotName? to)
    {
        var order = Ordering.Cutover("orders") with { To = to, Reason = "v2", Force = true, RequireApproval = true, ExpectVersion = "2" };

        var (next, outcome) = _state.Decide(order);

        var release = outcome.Started!;
        release.Services.Should().Equal(new ReleasedService("orders", SlotName.Blue, SlotName.Green, 1));
        release.Status.Should().Be(ReleaseStatus.Verifying);
        (release.Reason, release.Force, release.RequireApproval, release.ExpectVersion).Should().Be(("v2", true, true, "2"));
        (release.DrainSeconds, release.BakeSeconds, release.CreatedAt, release.Actor).Should().Be((300d, 900d, States.Now, "ci"));
        next!.Running.Should().Equal(release);
        next.State.LastRelease.Should().Be(1);
        next.Services.Should().Equal(_state.Services, "an order switches nothing yet");
        var audit = next.Audit.Should().ContainSingle().Subject;
        (audit.Sequence, audit.Action, audit.Result, audit.Actor, audit.Client, audit.Release, audit.Force, audit.Reason)
            .Should().Be((1L, "cutover", "accepted", "ci", "127.0.0.1", release.Id, true, "v2"));
    }

    [Fact]
    public void Cutover_ToTheActiveSlot_IsAlreadyActive()
    {
        var (next, outcome) = _state.Decide(Ordering.Cutover("orders") with { To = SlotName.Blue });

        next.Should().BeNull();
        outcome.Unchanged.Should().Equal(new ActiveService("orders", SlotName.Blue, 1));
    }

    // A script that repeats itself while its first cutover still bakes.
    [Fact]
    public void Cutover_ToTheSlotThatARunningReleaseSwitchedTo_IsAlreadyActive()
    {
        _state.Switched(ReleaseStatus.Baking).Decide(Ordering.Cutover("orders") with { To = SlotName.Green }).Outcome.AlreadyActive.Should().BeTrue();
    }

    [Theory]
    [InlineData(ReleaseStatus.Verifying)]
    [InlineData(ReleaseStatus.Draining)]
    [InlineData(ReleaseStatus.Baking)]
    public void Cutover_WhileAnotherReleaseRuns_IsRefusedWithItsId(ReleaseStatus status)
    {
        var state = status == ReleaseStatus.Verifying ? _state.Place(Ordering.Cutover("orders")) : _state.Switched(status);

        var (next, outcome) = state.Decide(Ordering.Cutover("orders"));

        next.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.ReleaseInProgress);
        outcome.Refused.ReleaseId.Should().Be(state.Running[0].Id);
        outcome.Refused.Detail.Should().Contain(state.Running[0].Id);
    }

    [Fact]
    public void Cutover_WhileAReleaseOfAnotherServiceRuns_IsAccepted()
    {
        _state.Place(Ordering.Cutover("users")).Place(Ordering.Cutover("orders")).Running.Should().HaveCount(2);
    }

    [Fact]
    public void Cutover_AfterTheLastReleaseEnded_GoesTheOtherWay()
    {
        var release = _state.Switched(ReleaseStatus.Succeeded).Place(Ordering.Cutover("orders")).Newest();

        release.Services.Should().Equal(new ReleasedService("orders", SlotName.Green, SlotName.Blue, 2));
    }

    [Theory]
    [InlineData(ReleaseKind.Cutover)]
    [InlineData(ReleaseKind.Rollback)]
    public void IfMatch_Stale_IsRefusedWithTheCurrentGeneration(ReleaseKind kind)
    {
        var (next, outcome) = _state.Switched(ReleaseStatus.Succeeded).Decide(Ordering.Cutover("orders") with { Kind = kind, IfMatch = 1 });

        next.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.StaleGeneration);
        outcome.Refused.Generation.Should().Be(2);
    }

    [Fact]
    public void IfMatch_Current_IsAccepted()
    {
        _state.Switched(ReleaseStatus.Succeeded).Decide(Ordering.Cutover("orders") with { IfMatch = 2 }).Outcome.Started.Should().NotBeNull();
    }

    // Whoever acts on an old picture has to look again, even where what they ask for is so already.
    [Fact]
    public void IfMatch_Stale_GoesBeforeAlreadyActive()
    {
        _state.Switched(ReleaseStatus.Succeeded).Decide(Ordering.Cutover("orders") with { To = SlotName.Green, IfMatch = 1 })
            .Outcome.Refused!.Code.Should().Be(ProblemCodes.StaleGeneration);
    }

    [Fact]
    public void Cutover_OfTwoServices_IsOneRelease()
    {
        var state = _state.Place(Ordering.Cutover("orders", "users"));

        var switched = state.Pass(state.Newest());

        switched.Services.Values.Should().OnlyContain(service => service.Active == SlotName.Green && service.Generation == 2);
        switched.Newest().Services.Should().OnlyContain(service => service.Generation == 2);
    }

    // Drained like an old slot, the active one would have its requests cancelled at the deadline.
    [Fact]
    public void Cutover_OfTwoServicesOfWhichOneIsThere_LeavesThatOneAlone()
    {
        var state = _state.Switched(ReleaseStatus.Succeeded).Place(Ordering.Cutover("orders", "users") with { To = SlotName.Green });

        state.Newest().Services.Should().OnlyContain(service => service.From != service.To);
        state.Pass(state.Newest()).Services["orders"].Should().Be(state.Services["orders"]);
    }
}
