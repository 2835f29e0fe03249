using BlueGreen.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Following;

/// <summary>One picture that is redrawn in place, on a terminal; its last state stays on the screen.</summary>
internal sealed class LiveView(IAnsiConsole console) : IReleaseView
{
    private readonly Lock _lock = new();
    private LiveDisplayContext? _live;
    private ReleaseSnapshot? _snapshot;
    private string? _lost;

    public Task<T> WhileAsync<T>(Func<Task<T>> follow) => console
        .Live(Text.Empty)
        .Overflow(VerticalOverflow.Crop)
        .Cropping(VerticalOverflowCropping.Bottom)
        .StartAsync(async live =>
        {
            _live = live;
            try
            {
                return await follow();
            }
            finally
            {
                _live = null;
            }
        });

    public void Show(ReleaseSnapshot snapshot) => Redraw(snapshot, null);

    public void Lost(string reason) => Redraw(null, reason);

    private void Redraw(ReleaseSnapshot? snapshot, string? lost)
    {
        lock (_lock)
        {
            _snapshot = snapshot ?? _snapshot;
            _lost = lost;
            var lines = new List<IRenderable>();
            if (_snapshot is not null)
            {
                lines.Add(new ReleasePicture(console.Profile.Capabilities.Unicode).Draw(_snapshot));
            }

            if (_lost is not null)
            {
                lines.Add(new Text($"{Clean.Line(_lost)} Trying again.", new Style(Color.Yellow)));
            }

            _live?.UpdateTarget(new Rows(lines));
        }
    }
}
