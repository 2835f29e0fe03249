using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// A start on a state that may not be the newest: the gateway refuses and says how to go on, for going on by itself could undo what
/// was acknowledged. Nothing in the folder is touched.
/// </summary>
public sealed class StateRefusalTests(StateRefusalTests.UsedState used) : IClassFixture<StateRefusalTests.UsedState>
{
    [Fact]
    public Task Start_StateOfANewerFormat_IsRefused() => IsRefusedAsync(
        state => state.Rewrite("state.json", header => header.Replace("\"format\":2", "\"format\":3", StringComparison.Ordinal).Replace("\"reads\":2", "\"reads\":3", StringComparison.Ordinal), body => body),
        "can't be used by this build",
        "it has format 3",
        "Start the build that wrote it");

    [Fact]
    public Task Start_StateWithAFieldThatThisBuildDoesNotKnow_IsRefused() => IsRefusedAsync(
        state => state.Rewrite("state.json", header => header, body => "{\"surprise\":1," + body[1..]),
        "can't be used by this build",
        "surprise");

    [Fact]
    public Task Start_StateGoneAndJournalsLeft_IsRefused() => IsRefusedAsync(
        (_, folder) =>
        {
            File.Delete(Path.Combine(folder, "state.json"));
            File.Delete(Path.Combine(folder, "state.previous.json"));
        },
        "shows that there was one",
        "bluegreen state adopt");

    [Fact]
    public Task Start_OnlyTheStateBeforeIsLeft_IsRefused() => IsRefusedAsync(
        (_, folder) => File.Delete(Path.Combine(folder, "state.json")),
        "is missing; the one before it is revision",
        "bluegreen state adopt");

    [Fact]
    public Task Start_OlderStateUnderNewerJournals_IsRefused() => IsRefusedAsync(
        (_, folder) =>
        {
            File.Copy(Path.Combine(used.OlderFolder, "state.json"), Path.Combine(folder, "state.json"), overwrite: true);
            File.Delete(Path.Combine(folder, "state.previous.json"));
        },
        "an older state.json was put there",
        "bluegreen state adopt");

    // A read error says nothing of what is stored: neither the file before nor InitialActive may take its place.
    [LinuxFact]
    public Task Start_StateThatCantBeRead_IsRefused() => IsRefusedAsync(
        (_, folder) =>
        {
            // A loop of links: open fails with ELOOP, whoever asks.
            File.Delete(Path.Combine(folder, "state.json"));
            File.CreateSymbolicLink(Path.Combine(folder, "state.json"), "state.loop");
            File.CreateSymbolicLink(Path.Combine(folder, "state.loop"), "state.json");
        },
        "state.json");

    private Task IsRefusedAsync(Action<StoredFolder> damage, params string[] said) => IsRefusedAsync((state, _) => damage(state), said);

    private async Task IsRefusedAsync(Action<StoredFolder, string> damage, params string[] said)
    {
        using var copy = new TemporaryFolder();
        Copy(used.NewerFolder, copy.Path);
        damage(new StoredFolder(copy.Path), copy.Path);
        var before = Contents(copy.Path);

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(
            used.Folder, "--config", used.ConfigFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0", "--BlueGreen:State:Directory=" + copy.Path);

        exitCode.Should().Be(1, output);
        output.Should().NotContain("Now listening");
        foreach (var text in said)
        {
            output.Should().Contain(text);
        }

        Contents(copy.Path).Should().BeEquivalentTo(before, "what is stored may be all that is left of what was acknowledged");
    }

    // The lock and its owner's name are the process's own.
    private static IEnumerable<string> Stored(string folder) =>
        Directory.GetFiles(folder).Where(path => Path.GetFileName(path) is not ("state.lock" or "state.owner" or "gateway.pid"));

    private static Dictionary<string, string> Contents(string folder) => Stored(folder)
        .ToDictionary(path => Path.GetFileName(path), path => new FileInfo(path).LinkTarget ?? Convert.ToBase64String(File.ReadAllBytes(path)), StringComparer.Ordinal);

    private static void Copy(string from, string to)
    {
        foreach (var path in Stored(from))
        {
            File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
        }
    }

    /// <summary>A state folder of a gateway that was used and killed, at two times; made once, for only copies of it are damaged.</summary>
    public sealed class UsedState : IAsyncLifetime, IDisposable
    {
        private readonly TemporaryFolder _folders = new();
        private Fleet? _fleet;

        internal string Folder => _fleet!.Folder;

        internal string ConfigFile => _fleet!.ConfigFile;

        internal string OlderFolder => _folders.File("older");

        internal string NewerFolder => _folders.File("newer");

        public async Task InitializeAsync()
        {
            _fleet = await Fleet.StartAsync();
            (await _fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
            Copy(_fleet.StateFolder, Directory.CreateDirectory(OlderFolder).FullName);
            (await _fleet.Admin.CutoverAsync(new { to = "blue" }, until: "completed")).Status.Should().Be(200);
            await _fleet.Gateway.KillAsync();
            Copy(_fleet.StateFolder, Directory.CreateDirectory(NewerFolder).FullName);
        }

        public async Task DisposeAsync() => await _fleet!.DisposeAsync();

        public void Dispose() => _folders.Dispose();
    }
}
