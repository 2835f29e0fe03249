using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen state</c> on a folder that a gateway has, had, or has lost its state in.</summary>
public sealed class StateCommandTests
{
    [Fact]
    public async Task State_WhileAGatewayRuns_IsReadAndNotChanged()
    {
        await using var fleet = await Fleet.StartAsync();
        var folder = Path.GetDirectoryName(fleet.StateFile)!;
        using var export = new TemporaryFolder();

        var shown = (await RunAsync(folder, "show", "-o", "json")).ShouldEndWith(0).Json;
        shown.GetProperty("services")[0].GetProperty("active").GetString().Should().Be("blue");
        shown.GetProperty("format").GetInt32().Should().Be(2);
        (await RunAsync(folder, "show")).ShouldEndWith(0).Out.Should().Contain("orders").And.Contain("without the folder's lock").And.Contain("JOURNAL");
        (await RunAsync(folder, "verify")).ShouldEndWith(0).Out.Should().Contain("Nothing is wrong");
        (await RunAsync(folder, "export", export.File("state.json"))).ShouldEndWith(0);
        (await RunAsync(folder, "adopt", "--yes", "--fresh", "-o", "json")).ShouldEndWith(5).Code.Should().Be("folder-in-use");
        (await RunAsync(folder, "import", export.File("state.json"), "--force", "-o", "json")).ShouldEndWith(5).Code.Should().Be("folder-in-use");

        // Another folder has it now.
        (await RunAsync(export.File("new"), "import", export.File("state.json"))).ShouldEndWith(0);
        (await RunAsync(export.File("new"), "import", export.File("state.json"), "-o", "json")).ShouldEndWith(5).Code.Should().Be("folder-not-empty");
        (await RunAsync(export.File("new"), "show")).ShouldEndWith(0).Out.Should().Contain("orders");
    }

    [Fact]
    public async Task State_ThatIsDamagedOrLost_IsNamedAndAdopted()
    {
        using var folder = new TemporaryFolder();
        var state = folder.File("state");
        await File.WriteAllTextAsync(folder.File("export.json"), Export(revision: 7));
        (await RunAsync(state, "import", folder.File("export.json"))).ShouldEndWith(0);
        var older = await File.ReadAllBytesAsync(Path.Combine(state, "state.json"));
        await File.WriteAllTextAsync(folder.File("export.json"), Export(revision: 20));
        (await RunAsync(state, "import", folder.File("export.json"), "--force")).ShouldEndWith(0).Out.Should().Contain("replaced-");
        await File.WriteAllBytesAsync(Path.Combine(state, "state.json"), older);

        (await RunAsync(state, "show", "-o", "json")).ShouldEndWith(1).Code.Should().Be("state-unreadable");
        var verified = (await RunAsync(state, "verify", "-o", "json")).ShouldEndWith(1);
        verified.Code.Should().Be("state-damaged");
        verified.Json.GetProperty("findings")[0].GetProperty("file").GetString().Should().Be("state.json");
        (await RunAsync(state, "adopt")).ShouldEndWith(64).Error.Should().Contain("Go on with revision 8").And.Contain("--yes");
        (await RunAsync(state, "adopt", "--yes")).ShouldEndWith(0).Out.Should().Contain("Adopted, as revision 22");
        (await RunAsync(state, "adopt", "--yes")).ShouldEndWith(0).Out.Should().Contain("nothing to adopt");

        File.Delete(Path.Combine(state, "state.json"));
        File.Delete(Path.Combine(state, "state.previous.json"));
        (await RunAsync(state, "adopt", "--fresh", "--yes")).ShouldEndWith(0).Out.Should().Contain("*.orphaned");
        (await RunAsync(state, "verify")).ShouldEndWith(0);
    }

    [Theory]
    [InlineData("show")]
    [InlineData("verify")]
    [InlineData("adopt --yes")]
    public async Task State_FolderIsMissing_EndsWith64(string command)
    {
        (await RunAsync("/nowhere/state", command.Split(' '))).ShouldEndWith(64).Error.Should().Contain("/nowhere/state is no folder");
    }

    private static Task<CliResult> RunAsync(string folder, params string[] arguments) => BlueGreenProcess.RunAsync(["state", .. arguments, "--directory", folder]);

    private static string Export(long revision) => new JsonObject
    {
        ["export"] = 1,
        ["build"] = "test",
        ["at"] = "2024-05-01T12:00:00Z",
        ["state"] = new JsonObject
        {
            ["revision"] = revision,
            ["history"] = "h",
            ["services"] = new JsonObject { ["orders"] = new JsonObject { ["active"] = "green", ["generation"] = 2, ["rolledBack"] = false, ["knownBad"] = new JsonArray() } },
            ["running"] = new JsonArray(),
        },
        ["ended"] = new JsonArray(),
        ["keys"] = new JsonArray(),
        ["outbox"] = new JsonArray(),
        ["auditHash"] = new string('0', 64),
    }.ToJsonString();
}
