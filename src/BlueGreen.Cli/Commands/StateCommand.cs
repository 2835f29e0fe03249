using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Offline;
using BlueGreen.Cli.Output;
using BlueGreen.ReverseProxy.State.Files;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen state …</c>: a gateway's state folder, without the gateway.</summary>
internal static class StateCommand
{
    private const string UsualFolder = "state";

    private static readonly Option<string?> Folder = new("--directory")
    {
        Description = $"The state folder: BlueGreen:State:Directory. Default: {UsualFolder}.",
        HelpName = "FOLDER",
        Recursive = true,
    };

    public static Command Create(TimeProvider time)
    {
        var command = new Command("state", "A gateway's state folder, without the gateway: look at it, check it, move it.") { Show(time), Verify(time), Export(time), Import(time), Adopt(time) };
        return command.With(Folder);
    }

    private static Command Show(TimeProvider time) => new Command("show", "What is stored. Reads without the folder's lock; a gateway may be running.")
        .Does(time, (session, _) => Task.FromResult(StateFolder.Run(session, session.Get(Folder) ?? UsualFolder, folder => StateView.Print(session, folder, folder.Read()))));

    private static Command Verify(TimeProvider time) =>
        new Command("verify", "Check documents, journals, the audit's chain and its seals, every line. Reads without the folder's lock. Ends with 1 if anything is wrong.")
            .Does(time, (session, _) => Task.FromResult(StateFolder.Run(session, session.Get(Folder) ?? UsualFolder, folder => Verify(session, folder))));

    private static Command Export(TimeProvider time)
    {
        var file = new Argument<string>("file") { Description = "Where to; - for the output." };
        var withJournals = new Option<bool>("--with-journals") { Description = "With all of the audit and the events, line by line." };
        var command = new Command("export", "Write state and living records (releases, hook calls, idempotency keys) as one JSON document. Reads without the folder's lock.").With(withJournals);
        command.Arguments.Add(file);
        return command.Does(time, (session, _) => Task.FromResult(StateFolder.Run(
            session, session.Get(Folder) ?? UsualFolder, folder => folder.Export(session.Get(file)!, session.Get(withJournals)))));
    }

    private static Command Import(TimeProvider time)
    {
        var file = new Argument<string>("file") { Description = "An export; - for the input." };
        var force = new Option<bool>("--force") { Description = "Also into a folder that has a state; its files are kept in replaced-TIME there." };
        var command = new Command("import", "Put an export into an empty folder. Refused while a gateway has it.").With(force);
        command.Arguments.Add(file);
        return command.Does(time, (session, _) => Task.FromResult(StateFolder.Run(
            session, session.Get(Folder) ?? UsualFolder, folder => folder.Import(session.Get(file)!, session.Get(force)), mayBeMissing: true)));
    }

    private static Command Adopt(TimeProvider time)
    {
        var fresh = new Option<bool>("--fresh") { Description = "There are journals and no state: keep them as *.orphaned, and begin anew with InitialActive of every service." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        return new Command("adopt", "Go on with a state that is older than its journals, as after a restore. Traffic goes where that state says; the audit says who decided so.")
            .With(fresh, yes)
            .Does(time, (session, _) => Task.FromResult(StateFolder.Run(
                session, session.Get(Folder) ?? UsualFolder, folder => session.Get(fresh) ? folder.BeginAnew(session.Get(yes)) : folder.Adopt(session.Get(yes)))));
    }

    private static int Verify(Session session, StateFolder folder)
    {
        var check = new FolderCheck(folder.Path).Run();
        foreach (var finding in check.Findings)
        {
            session.Note($"{finding.File}{(finding.Line is { } line ? $":{line}" : "")}: {finding.Text}");
        }

        foreach (var note in check.Notes)
        {
            session.Note($"note: {note}");
        }

        var summary = $"{Names.Plural(check.Files, "file")} with {Names.Plural(check.Lines, "line")}, revision {check.Revision?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}";
        var findings = new JsonArray([.. check.Findings.Select(JsonNode (finding) => new JsonObject { ["file"] = finding.File, ["line"] = finding.Line, ["detail"] = finding.Text })]);
        if (check.Findings.Count > 0)
        {
            throw CommandFailure.Of(
                ExitCodes.Unexpected,
                "state-damaged",
                "The state folder is not as a gateway leaves it",
                $"{Names.Plural(check.Findings.Count, "finding")} in {folder.Path}: {summary}.",
                null,
                ("findings", findings));
        }

        session.Note($"Nothing is wrong in {folder.Path}: {summary}. Read without the folder's lock.");
        if (session.IsJson)
        {
            session.Json(new JsonObject
            {
                ["directory"] = folder.Path,
                ["revision"] = check.Revision,
                ["files"] = check.Files,
                ["lines"] = check.Lines,
                ["findings"] = findings,
                ["notes"] = new JsonArray([.. check.Notes.Select(JsonNode (note) => note)]),
            });
        }

        return ExitCodes.Done;
    }
}
