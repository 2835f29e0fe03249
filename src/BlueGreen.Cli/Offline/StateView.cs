using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;

namespace BlueGreen.Cli.Offline;

/// <summary>What <c>bluegreen state show</c> prints.</summary>
internal static class StateView
{
    public static int Print(Session session, StateFolder folder, FolderContent content)
    {
        if (session.IsJson)
        {
            session.Json(Json(folder.Path, content));
            return ExitCodes.Done;
        }

        var state = content.Committed.State;
        session.Line(string.Create(
            CultureInfo.InvariantCulture, $"{folder.Path}: revision {state.Revision}, format {content.Header.Format}, written by build {content.Header.Build ?? "unknown"}, history {(state.History.Length > 0 ? state.History : "none")}"));
        session.Line("Read without the folder's lock; a gateway that runs may change it meanwhile.");
        session.Line("");
        session.Print(Services(state));
        if (!state.Running.IsEmpty)
        {
            session.Line("");
            session.Print(Running(state));
        }

        if (!content.Committed.Records.Outbox.IsEmpty)
        {
            session.Line("");
            session.Print(Calls(content.Committed.Records.Outbox));
        }

        session.Line("");
        session.Print(Journals(content));
        session.Line($"{Names.Plural(content.Carried.Count, "line")} {(content.Carried.Count == 1 ? "is" : "are")} in the state document alone, and {(content.Carried.Count == 1 ? "is" : "are")} copied to the journals by the gateway.");
        return ExitCodes.Done;
    }

    private static TextTable Services(GatewayState state)
    {
        var table = new TextTable([4, 5], "SERVICE", "ACTIVE", "GENERATION", "ROLLBACK", "BLUE", "GREEN", "STANDBY SINCE (UTC)");
        foreach (var (name, service) in state.Services)
        {
            table.Add(
                name,
                service.Active.ToText(),
                service.Generation.ToString(CultureInfo.InvariantCulture),
                service.RollbackTo?.ToText() ?? "-",
                Text(service.Blue),
                Text(service.Green),
                service.StandbySince is { } since ? $"{since.UtcDateTime:yyyy-MM-dd HH:mm}{(service.DecommissionedAt is null ? "" : ", decommissioned")}" : "-");
        }

        return table;
    }

    private static TextTable Running(GatewayState state)
    {
        var table = new TextTable([1], "RELEASE", "SERVICES", "STATUS", "BY", "SINCE (UTC)");
        foreach (var release in state.Running)
        {
            table.Add(
                release.Id,
                string.Join(", ", release.Services.Select(service => $"{service.Name} {service.From.ToText()}→{service.To.ToText()}")),
                release.Bake is { Hold: not null } ? "held" : Names.Of(release.Status),
                release.Actor,
                $"{release.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}");
        }

        return table;
    }

    private static TextTable Calls(IEnumerable<HookDelivery> outbox)
    {
        var table = new TextTable([0], "HOOK CALL", "HOOK", "EVENT", "RELEASE", "SINCE (UTC)", "UNTIL (UTC)");
        foreach (var call in outbox)
        {
            table.Add(
                call.Id,
                call.Hook,
                NameOf(call),
                call.Release,
                $"{call.At.UtcDateTime:yyyy-MM-dd HH:mm}",
                call.ExpiresAt is { } until ? $"{until.UtcDateTime:yyyy-MM-dd HH:mm}" : "-");
        }

        return table;
    }

    private static TextTable Journals(FolderContent content)
    {
        var table = new TextTable([], "JOURNAL", "FILES", "LINES", "BYTES");
        foreach (var journal in content.Journals)
        {
            table.Add(journal.Name, Number(journal.Files), Number(journal.Lines), Number(journal.Bytes));
        }

        return table;
    }

    private static JsonObject Json(string path, FolderContent content)
    {
        var state = content.Committed.State;
        return new()
        {
            ["directory"] = path,
            ["revision"] = state.Revision,
            ["format"] = content.Header.Format,
            ["build"] = content.Header.Build,
            ["history"] = state.History,
            ["services"] = new JsonArray([.. state.Services.Select(JsonNode (service) => Json(service.Key, service.Value))]),
            ["running"] = new JsonArray([.. state.Running.Select(JsonNode (release) => new JsonObject
            {
                ["id"] = release.Id,
                ["status"] = Names.Of(release.Status),
                ["services"] = new JsonArray([.. release.Services.Select(JsonNode (service) => new JsonObject
                {
                    ["name"] = service.Name,
                    ["from"] = service.From.ToText(),
                    ["to"] = service.To.ToText(),
                })]),
                ["actor"] = release.Actor,
                ["createdAt"] = release.CreatedAt,
            })]),
            ["hookCalls"] = new JsonArray([.. content.Committed.Records.Outbox.Select(JsonNode (call) => new JsonObject
            {
                ["id"] = call.Id,
                ["hook"] = call.Hook,
                ["event"] = NameOf(call),
                ["release"] = call.Release,
                ["service"] = call.Service,
                ["at"] = call.At,
                ["expiresAt"] = call.ExpiresAt,
            })]),
            ["journals"] = new JsonArray([.. content.Journals.Select(JsonNode (journal) => new JsonObject
            {
                ["name"] = journal.Name,
                ["files"] = journal.Files,
                ["lines"] = journal.Lines,
                ["bytes"] = journal.Bytes,
            })]),
            ["pendingLines"] = content.Carried.Count,
        };
    }

    private static JsonObject Json(string name, ServiceState service) => new()
    {
        ["name"] = name,
        ["active"] = service.Active.ToText(),
        ["generation"] = service.Generation,
        ["rollbackTo"] = service.RollbackTo?.ToText(),
        ["blue"] = Json(service.Blue),
        ["green"] = Json(service.Green),
        ["standbySince"] = service.StandbySince,
        ["decommissionedAt"] = service.DecommissionedAt,
    };

    private static JsonObject? Json(Deployment? deployment) => deployment is null ? null : new()
    {
        ["version"] = deployment.Version,
        ["at"] = deployment.At,
        ["destinations"] = new JsonObject(deployment.Destinations.Select(destination => KeyValuePair.Create<string, JsonNode?>(destination.Key, destination.Value.Address))),
    };

    private static string Text(Deployment? deployment) => deployment is null
        ? "configured"
        : $"{deployment.Version ?? "deployed"} ({deployment.Destinations.Count})";

    private static string NameOf(HookDelivery call) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(call.Event.ToString());

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
