using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Load;
using BlueGreen.Quickstart.Processes;
using BlueGreen.Quickstart.Views;

namespace BlueGreen.Quickstart;

/// <summary>What is shown, step by step: a cutover, one that is refused, a rollback; all of it while the load goes on.</summary>
internal sealed class Tour(AdminClient admin, Uri blueApi, LoadStatistics load, Stage stage)
{
    private const string Switched = "switched";
    private const string Drained = "drained";
    private const string Completed = "completed";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(60);

    /// <summary>Goes through all steps.</summary>
    /// <exception cref="QuickstartException">An answer was not the expected one.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        stage.Step = "blue serves";
        await HealthyAsync(SlotName.Blue, stop);
        await HealthyAsync(SlotName.Green, stop);
        await Task.Delay(Pause, stop);

        stage.Step = "cutover to green";
        await CutOverToGreenAsync(stop);

        stage.Step = "cutover to blue, whose health is broken";
        await BeRefusedAsync(stop);

        stage.Step = "rollback to blue";
        await RollBackToBlueAsync(stop);
    }

    private async Task CutOverToGreenAsync(CancellationToken stop)
    {
        // The gateway checks green afresh, three probes in a row, and that it really is the version which is to be released.
        var request = new CutoverRequest(SlotName.Green, "quickstart", Installation.GreenVersion);
        var key = $"{Guid.NewGuid()}";
        await SwitchAsync("cutover", SlotName.Blue, SlotName.Green, until => admin.CutoverAsync(request, key, until, stop));
        await Task.Delay(Pause, stop);

        // The bake: for a while green is watched; another cutover would be refused with release-in-progress until it is over.
        var baked = Expect("bake", HttpStatusCode.OK, await admin.CutoverAsync(request, key, Completed, stop));
        stage.AddResult($"bake of {baked.Bake.DurationSeconds:0} s is over: {ReleaseText.StatusOf(baked)}");
        if (baked.Status != ReleaseStatus.Succeeded)
        {
            throw new QuickstartException($"The cutover ended as {ReleaseText.StatusOf(baked)}: {baked.Detail}");
        }
    }

    private async Task BeRefusedAsync(CancellationToken stop)
    {
        await SetHealthAsync("unhealthy", stop);
        var answer = await admin.CutoverAsync(new CutoverRequest(SlotName.Blue, "quickstart"), $"{Guid.NewGuid()}", Switched, stop);
        if (answer is not { Status: HttpStatusCode.UnprocessableEntity, Code: ProblemCodes.GateFailed })
        {
            throw new QuickstartException($"A cutover to an unhealthy slot was answered with {answer}; expected is 422 {ProblemCodes.GateFailed}.");
        }

        stage.AddResult($"cutover to blue refused after {answer.Took.TotalMilliseconds:0} ms, {answer}");

        // What the load sees from here on is held against the last acknowledgement as before: all of it has to be on green.
        if ((await admin.StatusAsync(stop)).Active != SlotName.Green)
        {
            throw new QuickstartException("A cutover was refused, but it has switched.");
        }

        await Task.Delay(Pause, stop);
        await SetHealthAsync("healthy", stop);
        await HealthyAsync(SlotName.Blue, stop);
    }

    private async Task RollBackToBlueAsync(CancellationToken stop)
    {
        var key = $"{Guid.NewGuid()}";
        await SwitchAsync("rollback", SlotName.Green, SlotName.Blue, until => admin.RollbackAsync(new RollbackRequest("quickstart"), key, until, stop));
        await Task.Delay(Pause, stop);
    }

    private async Task SwitchAsync(string name, SlotName from, SlotName to, Func<string, Task<AdminAnswer>> ask)
    {
        load.ExpectSwitch();
        var answer = await ask(Switched);
        var release = Expect(name, HttpStatusCode.OK, answer);
        if (release.Services is not [var service] || service.From != from || service.To != to || release.SwitchedAt is not { } switchedAt)
        {
            throw new QuickstartException($"The {name} was acknowledged, but not as one from {from.ToText()} to {to.ToText()}: {release}");
        }

        load.Acknowledge(oldSlot: from);
        var verification = switchedAt - release.CreatedAt;
        stage.AddResult(
            $"{name} {from.ToText()} to {to.ToText()}: acknowledged after {answer.Took.TotalMilliseconds:0} ms, "
            + $"{verification.TotalMilliseconds:0} ms of them verification ({string.Join("; ", release.Gates.Select(gate => gate.Detail))})");

        // The same key is the same release: this starts nothing, it only waits for more.
        var drained = Expect(name, HttpStatusCode.OK, await ask(Drained));
        if (drained is not { DrainedAt: { } drainedAt, Drain: { Aborted: 0 } drain })
        {
            throw new QuickstartException($"{from.ToText()} has not drained as it should have: {drained.Drain}");
        }

        stage.AddResult($"{from.ToText()} drained {(drainedAt - switchedAt).TotalMilliseconds:0} ms after the switch; {drain.StartedWith} in flight then, none cancelled");
    }

    private async Task SetHealthAsync(string health, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = blueApi };
        using var response = await http.PostAsync($"/chaos/{health}", content: null, stop);
        response.EnsureSuccessStatusCode();
        stage.Note($"POST /chaos/{health} on the blue API");
    }

    private async Task HealthyAsync(SlotName slot, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LongestRecovery);
        try
        {
            while ((await admin.StatusAsync(patience.Token)).Slots.Of(slot).Health != HealthState.Healthy)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new QuickstartException($"{slot.ToText()} is not healthy after {LongestRecovery.TotalSeconds:0} s.");
        }
    }

    private static Release Expect(string name, HttpStatusCode status, AdminAnswer answer) =>
        answer.Status == status && answer.Release is { } release
            ? release
            : throw new QuickstartException($"The {name} was answered with {answer}; expected is {(int)status}.");
}
