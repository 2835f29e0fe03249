using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Load;
using BlueGreen.Quickstart.Processes;
using BlueGreen.Quickstart.Views;

namespace BlueGreen.Quickstart;

/// <summary>The steps that every tour has.</summary>
internal sealed class TourSteps(AdminClient admin, LoadStatistics load, Stage stage)
{
    /// <summary>Long enough to see what has happened.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private const string Switched = "switched";
    private const string Drained = "drained";
    private const string Completed = "completed";
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(60);

    /// <summary>Switches to green, and waits for the end of the bake.</summary>
    /// <param name="gates">What has to hold besides the gates that every cutover has; null for nothing.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task CutOverToGreenAsync(CutoverGates? gates, CancellationToken stop)
    {
        // The gateway checks green afresh, three probes in a row, and that it really is the version which is to be released.
        var request = new CutoverRequest(SlotName.Green, "quickstart", Installation.GreenVersion) { Gates = gates };
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

    public async Task SwitchAsync(string name, SlotName from, SlotName to, Func<string, Task<AdminAnswer>> ask)
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

    public async Task HealthyAsync(SlotName slot, CancellationToken stop)
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
