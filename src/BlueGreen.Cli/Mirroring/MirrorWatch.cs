using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Mirroring;

/// <summary>
/// Follows a mirror until it ends, or somebody has seen enough: redrawn in place on a terminal, a line whenever the figures change in a pipe.
/// </summary>
internal sealed class MirrorWatch(Session session, string path)
{
    private const int MaxPlaces = 12;
    private const int NameWidth = 9;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Follows.</summary>
    /// <returns>What was seen last; null where nothing was.</returns>
    public async Task<GatewayAnswer?> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(session.Get(GlobalOptions.Timeout) ?? Timeout.InfiniteTimeSpan, session.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        GatewayAnswer? last = null;
        try
        {
            // The first look says whether there is a gateway, and such a service, before anything is drawn.
            last = await session.Client.GetAsync(path, linked.Token);
            if (!session.IsTerminal)
            {
                await FollowAsync(last, new Lines(session).Tell, linked.Token);
                return last;
            }

            await session.Terminal.Live(Draw(last)).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(live => FollowAsync(
                last,
                answer =>
                {
                    live.UpdateTarget(Draw(answer));
                    live.Refresh();
                },
                linked.Token));
        }
        catch (OperationCanceledException) when (last is not null && linked.IsCancellationRequested)
        {
            // Whoever looks ends it when they like: that is no failure.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CommandFailure.NotReachable(session.Client.NotAnswered());
        }

        return last;

        async Task FollowAsync(GatewayAnswer first, Action<GatewayAnswer> show, CancellationToken stop)
        {
            show(first);
            while (Read(last).Running)
            {
                await Task.Delay(Interval, session.Time, stop);
                show(last = await session.Client.GetAsync(path, stop));
            }
        }
    }

    private static MirrorStatus Read(GatewayAnswer answer) => answer.Read(ContractsJson.Default.MirrorStatus);

    private IRenderable Draw(GatewayAnswer answer)
    {
        var status = Read(answer);
        if (status.Newest is not { } report)
        {
            return new Text(MirrorLines.None(status.Service));
        }

        List<IRenderable> lines = [new Text(Clean.Line(MirrorLines.Heading(status)), new Style(decoration: Decoration.Bold))];
        lines.AddRange(MirrorLines.Figures(report).Select(IRenderable (figure) => new Hanging(
            new Paragraph($"  {figure.Name,-NameWidth} ", new Style(decoration: Decoration.Bold)), figure.Text)));
        if (report.Differences.Count > 0)
        {
            lines.Add(Text.Empty);
            lines.Add(MirrorLines.Places(report, MaxPlaces).Draw(session.Terminal.Profile.Width));
        }

        return new Rows(lines);
    }

    /// <summary>The heading once, then a line whenever something was counted, and why it ended.</summary>
    private sealed class Lines(Session session)
    {
        private string? _told;

        public void Tell(GatewayAnswer answer)
        {
            var status = Read(answer);
            if (session.IsJson)
            {
                return;
            }

            if (status.Newest is not { } report)
            {
                session.Line(MirrorLines.None(status.Service));
                return;
            }

            if (_told is null)
            {
                session.Line(MirrorLines.Heading(status));
            }

            var text = string.Join("; ", MirrorLines.Figures(report).Where(figure => figure.Name is "copies" or "places").Select(figure => $"{figure.Name}: {figure.Text}"));
            if (_told != text)
            {
                session.Line($"{answer.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {text}");
            }

            if (!status.Running && _told is not null)
            {
                session.Line($"{answer.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} ended: {report.EndedBecause}");
            }

            _told = text;
        }
    }
}
