using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Timelines;

/// <summary><c>bluegreen history --release ID --svg [FILE]</c>.</summary>
internal static class TimelineOutput
{
    /// <summary>Draws the release to a file, or to the output.</summary>
    /// <param name="session">The call.</param>
    /// <param name="id">The release.</param>
    /// <param name="file">The file; null or <c>-</c> for the output.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public static async Task<int> DrawAsync(Session session, string id, string? file, CancellationToken cancellationToken)
    {
        var answer = await session.Client.GetAsync(ApiPath.Release(id), cancellationToken);
        var release = answer.Read(ContractsJson.Default.Release);
        var timeline = (await GetAsync(session, id, cancellationToken)).Read(ContractsJson.Default.ReleaseTimeline);
        var svg = TimelineSvg.Of(release, timeline, answer.At);
        if (file is null or "-")
        {
            session.Out.Write(svg);
        }
        else
        {
            await SaveAsync(file, svg, cancellationToken);
            session.Line($"Release {release.Id} is drawn in {file}.");
        }

        if (timeline.Evidence == "notKept")
        {
            session.Warn($"The evidence of release {release.Id} over time is no longer kept, so the picture has none. The gateway keeps it for the 100 releases that ended last.");
        }

        if (release.Events.Count == 0)
        {
            session.Warn($"The events of release {release.Id} are no longer kept, so the picture shows what its own times say.");
        }

        return ExitCodes.Done;
    }

    private static async Task<GatewayAnswer> GetAsync(Session session, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Client.GetAsync($"{ApiPath.Release(id)}/timeline", cancellationToken);
        }
        catch (CommandFailure failure) when (failure.Code == ProblemCodes.NotFound)
        {
            throw CommandFailure.Of(
                ExitCodes.Unexpected,
                ProblemCodes.NotFound,
                "The gateway is older than this program",
                "This gateway is older than this bluegreen and has no timelines of releases, so nothing can be drawn.",
                $"See the release in words: bluegreen history --release {id}",
                ("releaseId", id));
        }
    }

    private static async Task SaveAsync(string file, string svg, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(file, svg, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"The picture could not be written to {file}: {exception.Message}");
        }
    }
}
