using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ReleaseModelTests
{
    private static readonly Gen<Step> AnyStep =
        from what in Gen.Elements(Enum.GetValues<StepKind>())
        from service in Gen.Elements(ReleaseModel.Services)
        from flag in Gen.Elements(false, true)
        select new Step(what, service, flag);

    [Fact]
    public void AnyStepsInAnyOrder_KeepWhatAlwaysHolds()
    {
        var seen = new HashSet<ReleaseStatus>();

        AnyStep.HoldsForSequences(
            steps =>
            {
                var model = new ReleaseModel();
                foreach (var step in steps)
                {
                    model.Apply(step);
                }

                seen.UnionWith(model.Seen);
            },
            tests: 200,
            length: 60);

        seen.Should().BeEquivalentTo(
            Enum.GetValues<ReleaseStatus>().Except([ReleaseStatus.Failed]), "a model that never gets somewhere says nothing about it");
    }
}
