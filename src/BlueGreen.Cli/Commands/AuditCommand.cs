using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Auditing;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen audit</c>.</summary>
internal static class AuditCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = new Option<string?>("--service") { Description = "Only entries about this service. Default: all entries.", HelpName = "SERVICE" };
        var limit = LimitOption.Create();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C or --timeout; the newest entry is the last line then." };
        var command = new Command("audit", "Who changed what, when and why, newest first; refused calls too.").With(service, limit, follow);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var name = session.Get(service) is { } typed ? await ServiceArgument.CheckAsync(session, typed, cancellationToken) : null;
            var log = new AuditLog(session.Client, name);
            var count = session.Get(limit) ?? LimitOption.Usual;
            return session.Get(follow)
                ? await FollowAsync(session, log, count, cancellationToken)
                : Print(session, await log.LastAsync(count, cancellationToken));
        });
    }

    private static int Print(Session session, IReadOnlyList<AuditEntry> entries)
    {
        if (session.IsJson)
        {
            session.Json(new JsonArray([.. entries.Select(JsonNode? (entry) => JsonSerializer.SerializeToNode(entry, ContractsJson.Default.AuditEntry))]));
            return ExitCodes.Done;
        }

        var table = new TextTable([7, 5], "#", "WHEN (UTC)", "WHO", "ACTION", "RESULT", "SERVICES", "RELEASE", "WHY");
        foreach (var entry in entries)
        {
            table.Add(
                $"{entry.Sequence}",
                $"{entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}",
                WhoOf(entry),
                ActionOf(entry),
                entry.Result,
                entry.Services.Count == 0 ? "-" : string.Join(", ", entry.Services),
                entry.Release ?? "-",
                WhyOf(entry));
        }

        session.Print(table);
        return ExitCodes.Done;
    }

    private static async Task<int> FollowAsync(Session session, AuditLog log, int count, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(session.Get(GlobalOptions.Timeout) ?? Timeout.InfiniteTimeSpan, session.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var array = session.IsJson ? new JsonArrayWriter(Console.Out) : null;
        try
        {
            await foreach (var entry in log.FollowAsync(count, session.Time, why => session.Note(why), linked.Token))
            {
                if (array is not null)
                {
                    array.Write(JsonSerializer.SerializeToNode(entry, ContractsJson.Default.AuditEntry));
                }
                else
                {
                    session.Line(LineOf(entry));
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && !session.Client.HasAnswered)
        {
            throw CommandFailure.NotReachable(session.Client.NotAnswered());
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Whoever looks ends it when they like: that is no failure.
        }
        catch (CommandFailure failure) when (array is { HasBegun: true })
        {
            array.Write(failure.Problem);
            failure.IsPrinted = true;
            array.End();
            throw;
        }

        array?.End();
        return ExitCodes.Done;
    }

    private static string LineOf(AuditEntry entry) =>
        $"{entry.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {WhoOf(entry)} {ActionOf(entry)} {entry.Result}"
        + (entry.Services.Count == 0 ? "" : $" {string.Join(",", entry.Services)}")
        + (entry.Release is null ? "" : $" {entry.Release}")
        + (WhyOf(entry) is "-" ? "" : $": {WhyOf(entry)}");

    // A caller that has no name is known by its address.
    private static string WhoOf(AuditEntry entry) => entry is { Actor: "anonymous" or "unknown", Client: { } client } ? $"{entry.Actor} ({client})" : entry.Actor;

    private static string ActionOf(AuditEntry entry) => entry.Force ? $"{entry.Action} (forced)" : entry.Action;

    // What the caller gave as the reason, and what the gateway has to say.
    private static string WhyOf(AuditEntry entry) =>
        string.Join("; ", new[] { entry.Reason, entry.Detail }.Where(text => !string.IsNullOrEmpty(text))) is { Length: > 0 } why ? why : "-";
}
