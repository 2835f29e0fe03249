using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Load;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Quickstart.Views;

/// <summary>One picture that is redrawn in place, with the last notes under it.</summary>
internal sealed class LiveView : IView
{
    private const int BarWidth = 20;

    // What does not fit on the screen can't be redrawn in place.
    private const int LinesAboveNotes = 14;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly List<string> _notes = [];

    public void Note(string line)
    {
        lock (_lock)
        {
            _notes.Add(line);
        }
    }

    public Task ShowAsync(Stage stage, CancellationToken stop) => AnsiConsole.Live(Draw(stage)).StartAsync(async live =>
    {
        while (!stop.IsCancellationRequested)
        {
            live.UpdateTarget(Draw(stage));
            await Task.Delay(Interval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        live.UpdateTarget(Draw(stage));
        Forget();
    });

    private Rows Draw(Stage stage)
    {
        var load = stage.ReadLoad();
        return new Rows(
            new Text($"Step: {stage.Step}", new Style(decoration: Decoration.Bold)),
            Slots(stage.Service, load),
            Numbers(stage, load),
            Notes());
    }

    private static Table Slots(ServiceStatus? service, LoadSnapshot load)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Slot", "Version", "Health", "Share of the last second", "In flight");
        foreach (var slot in SlotNames.All)
        {
            var status = service?.Slots.Of(slot);
            var color = slot == SlotName.Blue ? Color.Blue : Color.Green;
            var share = load.ShareOf(slot);
            var bar = new string('█', (int)Math.Round(share * BarWidth)).PadRight(BarWidth, '·');
            table.AddRow(
                new Text(service?.Active == slot ? $"{slot.ToText()} (active)" : slot.ToText(), new Style(color)),
                new Text(status?.Version ?? "?"),
                Health(status?.Health),
                new Text($"{bar} {share,4:P0}", new Style(color)),
                new Text($"{status?.InFlight.Total.ToString() ?? "?",9}"));
        }

        return table;
    }

    private static Text Health(HealthState? health) => health switch
    {
        HealthState.Healthy => new Text("healthy", new Style(Color.Green)),
        HealthState.Unhealthy => new Text("unhealthy", new Style(Color.Red)),
        _ => new Text("unknown", new Style(Color.Yellow)),
    };

    private static Rows Numbers(Stage stage, LoadSnapshot load)
    {
        var bad = load.Failed + load.OnOldSlot > 0;
        var release = stage.Service?.Release;
        return new Rows(
            new Text($"Requests {load.Requests}, {load.PerSecond:0}/s, p50 {load.P50:0.0} ms, p99 {load.P99:0.0} ms"),
            new Text($"Failed {load.Failed}, on the old slot after an acknowledgement {load.OnOldSlot}", new Style(bad ? Color.Red : Color.Green)),
            new Text(release is null ? "Release: none" : $"Release: {ReleaseText.Of(release)}"),
            Text.Empty);
    }

    // The picture stays on the screen; the next one begins below it.
    private void Forget()
    {
        lock (_lock)
        {
            _notes.Clear();
        }
    }

    private Rows Notes()
    {
        lock (_lock)
        {
            var width = Math.Max(AnsiConsole.Profile.Width, 1);
            var left = AnsiConsole.Profile.Height - LinesAboveNotes;
            var shown = Enumerable.Reverse(_notes).TakeWhile(note => (left -= ((note.Length - 1) / width) + 1) >= 0).Reverse();
            return new Rows(shown.Select(IRenderable (note) => new Text(note)));
        }
    }
}
