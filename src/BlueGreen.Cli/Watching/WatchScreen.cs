using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Watching;

/// <summary>The services, the releases that run, and the last events, redrawn in place.</summary>
internal sealed class WatchScreen(Session session, string? service)
{
    private const int MaxEvents = 8;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly Lock _lock = new();
    private readonly Queue<string> _events = [];
    private string? _lost;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // The first look says whether there is a gateway, and such a service, before anything is drawn.
        var first = await DrawAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await session.Terminal.Live(first).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async live =>
        {
            var events = ReadEventsAsync(stop.Token);
            var picture = RedrawAsync(live, stop.Token);
            var ended = await Task.WhenAny(events, picture);
            await stop.CancelAsync();
            await Task.WhenAll(events, picture).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ended;
        });
    }

    private async Task RedrawAsync(LiveDisplayContext live, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                live.UpdateTarget(await DrawAsync(cancellationToken));
                live.Refresh();
            }
            catch (CommandFailure failure) when (failure.ExitCode == ExitCodes.NotReachable)
            {
                live.UpdateTarget(new Text($"{Clean.Line(failure.Message)} Trying again.", new Style(Color.Yellow)));
                live.Refresh();
            }

            await Task.Delay(Interval, session.Time, cancellationToken);
        }
    }

    private async Task ReadEventsAsync(CancellationToken cancellationToken)
    {
        var feed = new EventFeed(session.Client, service, session.Time) { Lost = why => _lost = why };
        await foreach (var entry in feed.ReadAsync(cancellationToken))
        {
            lock (_lock)
            {
                _events.Enqueue(WatchOutput.LineOf(entry));
                while (_events.Count > MaxEvents)
                {
                    _events.Dequeue();
                }
            }
        }
    }

    private async Task<Rows> DrawAsync(CancellationToken cancellationToken)
    {
        var follower = new ReleaseFollower(session.Client, session.Time);
        IReadOnlyList<ServiceStatus> services = service is null
            ? (await session.Client.GetAsync(ApiPath.Services, cancellationToken)).Read(ContractsJson.Default.IReadOnlyListServiceStatus)
            : [(await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus)];
        List<IRenderable> lines = [ServiceTable.Of(services).Draw(session.Terminal.Profile.Width)];
        foreach (var id in services.Select(status => status.Release?.Id).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            lines.Add(Text.Empty);
            lines.Add(await PictureAsync(follower, id, cancellationToken));
        }

        lines.AddRange(ServiceTable.Warnings(services).Select(IRenderable (warning) => new Text(Clean.Line(warning), new Style(Color.Yellow))));
        lock (_lock)
        {
            if (_events.Count > 0)
            {
                lines.Add(Text.Empty);
                lines.AddRange(_events.Select(IRenderable (entry) => new Text(Cut(Clean.Line(entry)), new Style(Color.Grey))));
            }
        }

        if (_lost is { } lost)
        {
            lines.Add(new Text(Clean.Line(lost), new Style(Color.Yellow)));
        }

        return new Rows(lines);
    }

    // One line for each: the events are the context, and the picture of the release above says everything in full.
    private string Cut(string text)
    {
        var width = session.Terminal.Profile.Width;
        return text.Length <= width ? text : text[..(width - 1)] + (session.Terminal.Profile.Capabilities.Unicode ? "…" : "~");
    }

    private async Task<Rows> PictureAsync(ReleaseFollower follower, string id, CancellationToken cancellationToken)
    {
        try
        {
            return new ReleasePicture(session.Terminal.Profile.Capabilities.Unicode).Draw(await follower.LookAsync(id, cancellationToken));
        }
        catch (GatewayGoneException exception)
        {
            throw CommandFailure.NotReachable(exception);
        }
    }
}
