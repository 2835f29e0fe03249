using System.Text.Json;
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
        var watch = session.IsJson ? JsonAsync(session, service, linked.Token, cancellationToken)
            : session.IsTerminal ? new WatchScreen(session, service).RunAsync(linked.Token)
            : LinesAsync(session, service, linked.Token);
        try
        {
            await watch;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && !session.Client.HasAnswered)
        {
            throw CommandFailure.NotReachable(session.Client.NotAnswered());
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Whoever looks ends it when they like: that is no failure.
        }

        return ExitCodes.Done;
    }

    /// <summary>An event in one line.</summary>
    public static string LineOf(StreamedEvent entry) =>
        $"{entry.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {string.Join(",", entry.Services)} {(entry.Release is null ? "" : $"{entry.Release} ")}{entry.Type}{(string.IsNullOrEmpty(entry.Detail) ? "" : $": {entry.Detail}")}";

    private static async Task LinesAsync(Session session, string? service, CancellationToken cancellationToken)
    {
        session.Print(ServiceTable.Of(service is null
            ? await ServiceArgument.ListAsync(session.Client, cancellationToken)
            : [(await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus)]));
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

    private static async Task JsonAsync(Session session, string? service, CancellationToken cancellationToken, CancellationToken interrupted)
    {
        var array = new JsonArrayWriter(Console.Out);
        try
        {
            await foreach (var entry in new EventFeed(session.Client, service, session.Time).ReadAsync(cancellationToken))
            {
                array.Write(JsonSerializer.SerializeToNode(entry, ContractsJson.Default.StreamedEvent));
            }
        }
        catch (CommandFailure failure) when (array.HasBegun)
        {
            // The array has begun: the problem is its last entry, and not a second document.
            array.Write(failure.Problem);
            array.End();
            failure.IsPrinted = true;
            throw;
        }
        catch (OperationCanceledException) when (session.Client.HasAnswered || interrupted.IsCancellationRequested)
        {
            array.End();
            throw;
        }
    }
}
