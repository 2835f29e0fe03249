using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ReleaseModelTests
{
    private const string CountVariable = "BLUEGREEN_HISTORIES";
    private const int DefaultHistories = 2000;

    // Weighted towards what leads on, so that the histories get to switches and not only to refusals.
    internal static readonly Gen<Step> AnyStep =
        from what in Gen.Frequency(
            (3, Gen.Elements(
                StepKind.Cutover, StepKind.Shift, StepKind.ExclusiveCutover, StepKind.Pass, StepKind.Pass, StepKind.Promote, StepKind.HoldIdle, StepKind.Drained, StepKind.Succeed)),
            (2, Gen.Elements(StepKind.Pause, StepKind.ResumeShift, StepKind.Reverted, StepKind.HoldTimedOut, StepKind.HoldInterrupted, StepKind.DecommissionDue, StepKind.BakeFailed, StepKind.Finish, StepKind.Alarm, StepKind.Alarm, StepKind.Refuted, StepKind.LeftToPeople, StepKind.ForcedDeploy)),
            (4, Gen.Elements(Enum.GetValues<StepKind>())))
        from services in Gen.SubListOf(ReleaseModel.Services).Where(services => services.Count > 0)
        from first in Gen.Elements(ReleaseModel.Services)
        from isGroup in Gen.Elements(false, true)
        from flag in Gen.Elements(false, true)
        select new Step(what, isGroup ? [.. services] : [first], flag);

    private static readonly Step[] LongWay =
    [
        .. new[] { StepKind.Cutover, StepKind.Pass, StepKind.Drained, StepKind.DecommissionDue }.Select(what => new Step(what, ["orders"], Flag: what == StepKind.Drained)),
        .. new[] { StepKind.Cutover, StepKind.Pass, StepKind.Drained, StepKind.Succeed }.Select(what => new Step(what, ["users"], Flag: false)),
    ];

    // An alarm takes a switch before it, and everything about it an alarm.
    private static readonly Step[] ComparedWay =
    [
        .. new[] { StepKind.Cutover, StepKind.Pass, StepKind.Alarm, StepKind.TakenUp, StepKind.Refuted, StepKind.Drained, StepKind.Alarm, StepKind.LeftToPeople, StepKind.Alarm, StepKind.Held }
            .Select(what => new Step(what, ["orders", "users"], Flag: false)),
    ];

    [Fact]
    public void AnyStepsInAnyOrder_KeepWhatAlwaysHolds()
    {
        var seen = new HashSet<ReleaseStatus>();
        var done = new HashSet<StepKind>();
        var histories = int.TryParse(Environment.GetEnvironmentVariable(CountVariable), out var count) ? count : DefaultHistories;

        void Run(IEnumerable<Step> steps)
        {
            var model = new ReleaseModel();
            foreach (var step in steps)
            {
                model.Apply(step);
            }

            seen.UnionWith(model.Seen);
            done.UnionWith(model.Done);
        }

        AnyStep.HoldsForSequences(Run, tests: histories, length: 40);

        // What takes so many steps in their order that chance seldom finds them.
        Run(LongWay);
        Run(ComparedWay);

        seen.Should().BeEquivalentTo(
            Enum.GetValues<ReleaseStatus>(), "a model that never gets somewhere says nothing about it");
        Enum.GetValues<StepKind>().Except(done).Should().BeEmpty("a model that never does something says nothing about it");
    }
}
