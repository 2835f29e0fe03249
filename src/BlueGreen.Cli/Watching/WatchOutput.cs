using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Commands;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Watching;

/// <summary>Shows the services until somebody has seen enough.</summary>
internal static class WatchOutput
{
    public static async Task<int> RunAsync(Session session, string? service, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(session.Get(GlobalOptions.Timeout) ?? Timeout.InfiniteTimeSpan, session.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var watch = session.IsJson ? JsonAsync(session, service, linked.Token)
            : session.IsTerminal ? new WatchScreen(session, service).RunAsync(linked.Token)
            : LinesAsync(session, service, linked.Token);
        try
        {
            await watch;
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Whoever looks ends it when they like: that is no failure.
        }

        return ExitCodes.Done;
    }

    /// <summary>An event in one line.</summary>
    public static string LineOf(StreamedEvent entry) =>
        $"{entry.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {string.Join(",", entry.Services)} {entry.Release} {entry.Type}{(string.IsNullOrEmpty(entry.Detail) ? "" : $": {entry.Detail}")}";

    private static async Task LinesAsync(Session session, string? service, CancellationToken cancellationToken)
    {
        var services = await ServiceArgument.ListAsync(session.Client, cancellationToken);
        session.Print(ServiceTable.Of(services.Where(status => service is null || string.Equals(status.Name, service, StringComparison.OrdinalIgnoreCase))));
        string? told = null;
        var feed = new EventFeed(session.Client, service, session.Time)
        {
            Lost = why =>
            {
                if (why is not null && told is null)
                {
                    session.Line($"{why} Trying again.");
                }
                else if (why is null && told is not null)
                {
                    session.Line("The gateway is back.");
                }

                told = why;
            },
        };
        await foreach (var entry in feed.ReadAsync(cancellationToken))
        {
            session.Line(LineOf(entry));
        }
    }

    // One document, as everywhere, that grows while it is written: a reader of streams has each event at once, and whoever reads to the
    // end has a whole array.
    private static async Task JsonAsync(Session session, string? service, CancellationToken cancellationToken)
    {
        var separator = "[";
        try
        {
            await foreach (var entry in new EventFeed(session.Client, service, session.Time).ReadAsync(cancellationToken))
            {
                await Console.Out.WriteLineAsync(separator + JsonText.OneLine(JsonSerializer.SerializeToNode(entry, ContractsJson.Default.StreamedEvent) as JsonObject));
                separator = ",";
            }
        }
        catch (CommandFailure failure) when (separator == ",")
        {
            // The array has begun: the problem is its last entry, and not a second document.
            await Console.Out.WriteLineAsync($"{separator}{JsonText.OneLine(failure.Problem)}{Environment.NewLine}]");
            failure.IsPrinted = true;
            throw;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Out.WriteLineAsync(separator == "[" ? "[]" : "]");
            throw;
        }
    }
}
