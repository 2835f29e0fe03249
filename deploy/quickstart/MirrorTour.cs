using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Api;
using BlueGreen.Quickstart.Processes;

namespace BlueGreen.Quickstart;

/// <summary>A version with a mistake in it never gets a client: the mirror finds the mistake, the next version has none, and is cut over to.</summary>
internal sealed class MirrorTour(AdminClient admin, Installation installation, TourSteps steps, Stage stage)
{
    private const string Different = "different";
    private const string Noise = "noise";

    // So many requests are answered by blue twice before the new version counts as the same.
    private const long Enough = 100;

    // So many that the gate has something to judge.
    private const int Answered = 50;

    private static readonly CutoverGates Gate = new(new MirrorGateRequest(Answered, MaxDifference: 0.001));

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestComparison = TimeSpan.FromSeconds(60);

    // Which API has answered differs by design.
    private static readonly MirrorRequest Order = new(Compare: new(Ignore: ["$.slot", "$.version"]), Reason: "quickstart");

    /// <summary>Goes through all steps.</summary>
    /// <exception cref="QuickstartException">An answer was not the expected one.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        stage.Step = $"blue serves, green has {OrdersApi.FaultyVersion}";
        await steps.HealthyAsync(SlotName.Blue, stop);
        await steps.HealthyAsync(SlotName.Green, stop);
        await Task.Delay(TourSteps.Pause, stop);

        stage.Step = $"mirror to {OrdersApi.FaultyVersion}";
        await admin.StartMirrorAsync(Order, stop);
        var found = await UntilAsync(report => report.Answered >= Answered && report.Differences.Any(difference => difference.Verdict == Different), stop);
        stage.AddResult($"mirror to {OrdersApi.FaultyVersion}: {Describe(found)}");

        stage.Step = $"cutover to {OrdersApi.FaultyVersion}";
        await BeRefusedAsync(stop);
        await Task.Delay(TourSteps.Pause, stop);

        stage.Step = $"mend: deploy {Installation.GreenVersion} to green";
        var mended = await installation.StartGreenAsync(Installation.GreenVersion, stop);
        var destinations = new Dictionary<string, DeployDestination>(StringComparer.Ordinal) { ["g2"] = new(mended.AbsoluteUri) };
        await admin.DeployAsync(SlotName.Green, new DeployRequest(destinations, Installation.GreenVersion), stop);
        stage.AddResult($"{Installation.GreenVersion} deployed to green");
        await steps.HealthyAsync(SlotName.Green, stop);

        stage.Step = $"mirror to {Installation.GreenVersion}";
        await admin.StartMirrorAsync(Order, stop);
        var same = await UntilAsync(report => report.Routes.Sum(route => route.NoiseCompared) >= Enough, stop);
        stage.AddResult($"mirror to {Installation.GreenVersion}: {Describe(same)}");
        if (same.Failed > 0 || same.Differences.Any(difference => difference.Verdict != Noise))
        {
            throw new QuickstartException($"{Installation.GreenVersion} should answer as {Installation.BlueVersion} does.");
        }

        stage.Step = "cutover to green";
        await steps.CutOverToGreenAsync(Gate, stop);
    }

    private async Task BeRefusedAsync(CancellationToken stop)
    {
        var request = new CutoverRequest(SlotName.Green, "quickstart", OrdersApi.FaultyVersion) { Gates = Gate };
        var answer = await admin.CutoverAsync(request, $"{Guid.NewGuid()}", "switched", stop);
        if (answer is not { Status: HttpStatusCode.UnprocessableEntity, Code: ProblemCodes.GateFailed })
        {
            throw new QuickstartException($"A cutover to a version that answers differently was answered with {answer}; expected is 422 {ProblemCodes.GateFailed}.");
        }

        stage.AddResult($"cutover to {OrdersApi.FaultyVersion} refused, {answer}");
    }

    private async Task<MirrorReport> UntilAsync(Func<MirrorReport, bool> condition, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LongestComparison);
        try
        {
            while (true)
            {
                var report = await admin.MirrorAsync(patience.Token);
                if (condition(report))
                {
                    return report;
                }

                await Task.Delay(Poll, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new QuickstartException($"The mirror has not seen enough within {LongestComparison.TotalSeconds:0} s.");
        }
    }

    private static string Describe(MirrorReport report)
    {
        var different = report.Differences.Where(difference => difference.Verdict == Different)
            .Select(difference => $"{difference.Path} of route {difference.Route} is different in {difference.Differ} ({difference.Active} by blue, {difference.Standby} by green)").ToList();
        var noise = report.Differences.Where(difference => difference.Verdict == Noise).Select(difference => difference.Path).ToList();
        return $"{report.Answered} answers compared; {(different.Count == 0 ? "nothing is different" : string.Join("; ", different))}; noise: {(noise.Count == 0 ? "none" : string.Join(", ", noise))}";
    }
}
