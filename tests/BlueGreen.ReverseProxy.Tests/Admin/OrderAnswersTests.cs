using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Admin;

/// <summary>The status of the answer to an order, in every status of its release.</summary>
public sealed class OrderAnswersTests
{
    // switched, drained, completed: what each is answered with.
    [Theory]
    [InlineData(ReleaseStatus.Verifying, false, false, 202, 202, 202)]
    [InlineData(ReleaseStatus.AwaitingApproval, false, false, 202, 202, 202)]
    [InlineData(ReleaseStatus.Draining, true, false, 200, 202, 202)]
    [InlineData(ReleaseStatus.Baking, true, true, 200, 200, 202)]
    [InlineData(ReleaseStatus.Succeeded, true, true, 200, 200, 200)]
    [InlineData(ReleaseStatus.Rejected, false, false, 422, 422, 422)]
    [InlineData(ReleaseStatus.RolledBack, true, false, 200, 409, 409)]
    [InlineData(ReleaseStatus.RolledBack, true, true, 200, 200, 409)]
    [InlineData(ReleaseStatus.Aborted, false, false, 409, 409, 409)]
    [InlineData(ReleaseStatus.Failed, false, false, 409, 409, 409)]
    [InlineData(ReleaseStatus.Failed, true, true, 200, 200, 409)]
    public void Status_OfACutover_SaysHowFarItGot(ReleaseStatus status, bool switched, bool drained, int untilSwitched, int untilDrained, int untilCompleted)
    {
        var release = Release(ReleaseKind.Cutover, status, switched, drained);

        Statuses(ReleaseKind.Cutover, release).Should().Equal(untilSwitched, untilDrained, untilCompleted);
    }

    [Fact]
    public void Status_OfARollbackThatEndedACutoverBeforeItsSwitch_IsASuccess()
    {
        Statuses(ReleaseKind.Rollback, Release(ReleaseKind.Cutover, ReleaseStatus.Aborted, switched: false, drained: false)).Should().Equal(200, 200, 200);
    }

    [Fact]
    public void Status_OfARollbackThatWasAbortedItself_IsAConflict()
    {
        Statuses(ReleaseKind.Rollback, Release(ReleaseKind.Rollback, ReleaseStatus.Aborted, switched: false, drained: false)).Should().Equal(409, 409, 409);
    }

    [Theory]
    [InlineData(ReleaseStatus.Verifying, 202)]
    [InlineData(ReleaseStatus.Shifting, 200)]
    [InlineData(ReleaseStatus.Reverting, 202)]
    [InlineData(ReleaseStatus.Draining, 200)]
    [InlineData(ReleaseStatus.Aborted, 409)]
    [InlineData(ReleaseStatus.Rejected, 422)]
    public void Status_OfAShiftThatIsToBegin_SaysWhetherItHas(ReleaseStatus status, int expected)
    {
        var release = Release(ReleaseKind.Cutover, status, switched: status == ReleaseStatus.Draining, drained: false);

        OrderAnswers.StatusOf(ReleaseKind.Cutover, release, WaitUntil.Shifting).Should().Be(expected);
    }

    // Everybody is on the old slot, which is what a rollback asks for; what is left of the new one's work is waited for with until=drained.
    [Theory]
    [InlineData(ReleaseStatus.Reverting, 200, 202)]
    [InlineData(ReleaseStatus.RolledBack, 200, 200)]
    public void Status_OfARollbackThatTakesAShiftBack_IsASuccessAtOnce(ReleaseStatus status, int untilSwitched, int untilDrained)
    {
        var release = Release(ReleaseKind.Cutover, status, switched: false, drained: false) with
        {
            Shift = new([], TrafficKeyKind.Client) { Reversal = new(ReleaseStatus.RolledBack, "by ops", States.Now, 1_000) },
        };

        OrderAnswers.StatusOf(ReleaseKind.Rollback, release, WaitUntil.Switched).Should().Be(untilSwitched);
        OrderAnswers.StatusOf(ReleaseKind.Rollback, release, WaitUntil.Drained).Should().Be(untilDrained);
    }

    private static IEnumerable<int> Statuses(ReleaseKind order, ReleaseState release) =>
        new[] { WaitUntil.Switched, WaitUntil.Drained, WaitUntil.Completed }.Select(until => OrderAnswers.StatusOf(order, release, until));

    private static ReleaseState Release(ReleaseKind kind, ReleaseStatus status, bool switched, bool drained) => States.Release("r1-000000", status) with
    {
        Kind = kind,
        SwitchedAt = switched ? States.Now : null,
        DrainedAt = drained ? States.Now : null,
    };
}
