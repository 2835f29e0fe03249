using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;

namespace BlueGreen.Cli.Offline;

/// <summary>A state folder as the <c>state</c> commands have it: what goes wrong becomes an exit code and a problem.</summary>
internal sealed class StateFolder
{
    private const string Standard = "-";

    private readonly Session _session;
    private readonly WarningLogger _log;

    private StateFolder(Session session, string path)
    {
        (_session, Path) = (session, path);
        _log = new WarningLogger(session);
    }

    public string Path { get; }

    public static int Run(Session session, string directory, Func<StateFolder, int> act, bool mayBeMissing = false)
    {
        var path = System.IO.Path.GetFullPath(directory);
        if (!mayBeMissing && !Directory.Exists(path))
        {
            throw CommandFailure.Usage($"{path} is no folder. --directory is BlueGreen:State:Directory of the gateway, {directory} as seen from here.");
        }

        try
        {
            return act(new StateFolder(session, path));
        }
        catch (FolderHeldException exception)
        {
            throw CommandFailure.Of(ExitCodes.Conflict, "folder-in-use", "A gateway uses the folder", exception.Message);
        }
        catch (FolderNotEmptyException exception)
        {
            throw CommandFailure.Of(
                ExitCodes.Conflict, "folder-not-empty", "The folder is not empty", $"{exception.Message} --force replaces it and keeps it beside.");
        }
        catch (StateUnreadableException exception)
        {
            throw CommandFailure.Of(ExitCodes.Unexpected, "state-unreadable", "The state can't be used", exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Of(
                ExitCodes.Unexpected, "folder-unavailable", "The folder can't be used", $"{path}: {exception.Message} Run this as the gateway's user.");
        }
    }

    public FolderContent Read(bool evenIfOlder = false) => FolderContent.Read(Path, evenIfOlder, _log)
        ?? throw CommandFailure.Of(ExitCodes.Unexpected, "no-state", "There is no state", $"Nothing is stored in {Path}: no gateway has run with this folder yet.");

    public int Export(string file, bool withJournals)
    {
        var content = Read();
        var export = content.Export(Path, withJournals, _session.Time.GetUtcNow(), _log);
        var bytes = export.Write();
        if (file == Standard)
        {
            using var output = Console.OpenStandardOutput();
            output.Write(bytes);
            return ExitCodes.Done;
        }

        // What a folder holds only its owner may read.
        DurableFile.Replace(file, previousPath: null, bytes, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _session.Note(string.Create(CultureInfo.InvariantCulture, $"Revision {export.State.Revision} is in {file}: {Names.Plural(export.Ended.Count, "ended release")}, {Names.Plural(export.Outbox.Count, "hook call")}, {Names.Plural(export.Keys.Count, "key")}. Read without the folder's lock."));
        if (_session.IsJson)
        {
            _session.Json(new JsonObject { ["file"] = file, ["revision"] = export.State.Revision, ["bytes"] = bytes.Length });
        }

        return ExitCodes.Done;
    }

    public int Import(string file, bool isForced)
    {
        StateExport export;
        try
        {
            export = StateExport.Read(ReadAll(file));
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"{file}: {exception.Message}");
        }

        var aside = Offline().Import(export, Actor, isForced);
        return Told(
            string.Create(CultureInfo.InvariantCulture, $"Revision {export.State.Revision} is in {Path}.{(aside is null ? "" : $" What was there is in {aside}.")} Start the gateway."),
            new JsonObject { ["directory"] = Path, ["revision"] = export.State.Revision, ["replaced"] = aside });
    }

    public int Adopt(bool isAgreed)
    {
        var content = Read(evenIfOlder: true);
        if (content.JournalRevision <= content.StoredRevision && !content.IsNewestMissing)
        {
            return Told(
                string.Create(CultureInfo.InvariantCulture, $"The state is revision {content.StoredRevision} and its journals go up to {content.JournalRevision}: there is nothing to adopt."),
                new JsonObject { ["directory"] = Path, ["revision"] = content.StoredRevision, ["adopted"] = false });
        }

        Ask(
            isAgreed,
            string.Create(CultureInfo.InvariantCulture, $"Go on with revision {content.StoredRevision}, though the journals go up to revision {content.JournalRevision}? Traffic: ")
            + string.Join(", ", content.Committed.State.Services.Select(service => $"{service.Key} {service.Value.Active.ToText()}")) + ".");
        var state = Offline().Adopt(Actor);
        return Told(
            string.Create(CultureInfo.InvariantCulture, $"Adopted, as revision {state.Revision}. Start the gateway."),
            new JsonObject { ["directory"] = Path, ["revision"] = state.Revision, ["adopted"] = true });
    }

    public int BeginAnew(bool isAgreed)
    {
        Ask(isAgreed, $"Begin anew in {Path}? Traffic goes where InitialActive of every service says; deployments, running releases and waiting hook calls are lost.");
        var moved = Offline().BeginAnew(Actor);
        return Told(
            $"{Names.Plural(moved.Length, "file")} {(moved.Length == 1 ? "is" : "are")} kept as *.orphaned. Start the gateway: it begins with InitialActive.",
            new JsonObject { ["directory"] = Path, ["adopted"] = true, ["orphaned"] = new JsonArray([.. moved.Select(JsonNode (path) => System.IO.Path.GetFileName(path))]) });
    }

    private static string Actor => $"{Environment.UserName}@{Environment.MachineName}";

    private OfflineFolder Offline() => new(Path, _session.Time, _log);

    private static byte[] ReadAll(string file)
    {
        if (file != Standard)
        {
            return File.ReadAllBytes(file);
        }

        using var input = Console.OpenStandardInput();
        using var all = new MemoryStream();
        input.CopyTo(all);
        return all.ToArray();
    }

    private static void Ask(bool isAgreed, string question)
    {
        if (isAgreed)
        {
            return;
        }

        if (Console.IsInputRedirected)
        {
            throw CommandFailure.Usage($"{Clean.Line(question)} Nobody can be asked here: say --yes.");
        }

        Console.Error.Write($"{Clean.Line(question)} [y/N] ");
        if (Console.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
        {
            throw CommandFailure.Of(ExitCodes.Conflict, "declined", "Nothing was changed", "Nothing was changed.");
        }
    }

    private int Told(string text, JsonObject document)
    {
        _session.Note(text);
        if (_session.IsJson)
        {
            _session.Json(document);
        }

        return ExitCodes.Done;
    }
}
