using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;

namespace BlueGreen.Quickstart.Views;

/// <summary>Lines, for files and pipes.</summary>
internal sealed class PlainView : IView
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public void Note(string line) => Console.WriteLine(line);

    public async Task ShowAsync(Stage stage, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Interval);
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                stage.Note(Describe(stage));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private static string Describe(Stage stage)
    {
        var load = stage.ReadLoad();
        var service = stage.Service;
        var slots = SlotNames.All.Select(slot => $"{slot.ToText()} {load.ShareOf(slot):P0} ({service?.Slots.Of(slot).InFlight.Total.ToString() ?? "?"} in flight)");
        return $"{string.Join(", ", slots)}, {load.PerSecond:0}/s, {load.Failed} failed, p50 {load.P50:0.0} ms, p99 {load.P99:0.0} ms, "
            + $"release: {(service?.Release is { } release ? ReleaseText.Of(release) : "none")}";
    }
}
