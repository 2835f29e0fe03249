using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake.Confirming;

/// <summary>The steps of a confirmation, and what they must not be applied to.</summary>
public sealed class ConfirmationTransitionsTests
{
    private static readonly BakeConfirmation First = Attempt(1);

    [Theory]
    [InlineData(ReleaseStatus.Draining, true)]
    [InlineData(ReleaseStatus.Baking, true)]
    [InlineData(ReleaseStatus.Succeeded, false)]
    public void CanCompare_ReleaseInAStatus_IsWhileItsSwitchStands(ReleaseStatus until, bool expected)
    {
        var switched = States.Of("orders").Change().Switched(until);

        ConfirmationTransitions.CanCompare(switched.State, switched.Newest()).Should().Be(expected);
    }

    [Fact]
    public void CanCompare_OldSlotHoldsSomethingElse_IsNot()
    {
        var switched = States.Of("orders").Change().Switched(ReleaseStatus.Baking);
        var replaced = switched.With("orders", service => service with { RollbackTo = null });

        ConfirmationTransitions.CanCompare(replaced.State, replaced.Newest()).Should().BeFalse("what was deployed there by force would get three quarters of the traffic");
    }

    [Fact]
    public void Runs_OtherAttempt_DoesNot()
    {
        var begun = Begun();

        ConfirmationTransitions.Runs(begun.Newest(), First).Should().BeTrue();
        ConfirmationTransitions.Runs(begun.Newest(), Attempt(2)).Should().BeFalse("what was seen of it says nothing about this one");
        ConfirmationTransitions.Runs(ConfirmationTransitions.Left(begun.Newest(), States.Now), First).Should().BeFalse("it is over");
    }

    [Fact]
    public void Refuted_FiguresOfTheAlarm_AreNotTakenUpAgain()
    {
        var begun = Begun();

        var refuted = ConfirmationTransitions.Refuted(begun, begun.Newest(), new(1, 3, 40, 120, 3), "not confirmed", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), States.Now);

        refuted.Newest().Bake!.Services.Should().BeEquivalentTo([new { Name = "orders", Responses = 0L }, new { Name = "users", Responses = 100L }]);
    }

    private static StateChange Begun()
    {
        var switched = States.Of("orders").Change().Switched(ReleaseStatus.Baking);
        return ConfirmationTransitions.Begin(switched, switched.Newest(), First, [Figures("orders"), Figures("users")], States.Now);
    }

    private static BakeConfirmation Attempt(int number) => new(number, "orders", "5xx", 0, TrafficKeyKind.Client, States.Now, "worse", "process");

    private static ServiceFigures Figures(string service) => new(service, 100, 10, new(90, 0, 0, 10, 0, 0, 0, 0, 0), new(1, 2), new(1, 2), []);
}
