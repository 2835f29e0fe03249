using System.Text.RegularExpressions;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>The scripts of deploy/pipelines, run as their runners would: the steps that are in the files, in bash, with what the runner sets.</summary>
public sealed partial class PipelineTests
{
    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_AllWell_ReleasesAndWritesOutputsAndSummary()
    {
        await using var run = await GitHubRun.StartAsync();

        var results = await run.RunAsync(("bake", "1s"), ("verify", "curl -sf \"$GATEWAY/orders/x\" | grep -q '^2.1.0$'"));

        results.Should().OnlyContain(step => step.Result.ExitCode == 0, "{0}", run.Log);
        results.Select(step => step.Name).Should().Equal("Install bluegreen", "Deploy to the standby", "Release checklist", "Cutover", "Verify", "Wait for the bake");
        (await run.Fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
        run.Outputs["release"].Should().StartWith("r1-");
        run.Outputs["status"].Should().Be("succeeded");
        run.Log.Should().Contain($"::notice title=Release {run.Outputs["release"]} succeeded::");
        (await run.SummaryAsync()).Should().Contain($"### Release `{run.Outputs["release"]}`: succeeded").And.Contain("✅ gate `deepHealth`");
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_RunAgain_FindsItsRelease()
    {
        await using var run = await GitHubRun.StartAsync();
        (await run.RunAsync(("bake", "1s"))).Should().OnlyContain(step => step.Result.ExitCode == 0, "{0}", run.Log);
        var first = run.Outputs["release"];

        (await run.RunAsync(("bake", "1s"))).Should().OnlyContain(step => step.Result.ExitCode == 0, "{0}", run.Log);

        run.Outputs["release"].Should().Be(first);
        (await run.Fleet.Admin.StatusAsync()).Should().Match<ServiceStatus>(status => status.Active == SlotName.Green && status.RollbackTo == SlotName.Blue);
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_VerificationFails_RollsBackAndAnnotates()
    {
        await using var run = await GitHubRun.StartAsync();

        // Fails where it is to fail: when it sees neither.
        var results = await run.RunAsync(("bake", "10m"), ("token", "of-the-job"), ("verify", "test -n \"${BLUEGREEN_TOKEN:-}${BLUEGREEN_CLIENT_KEY_PASSWORD:-}\""));

        results[^1].Name.Should().Be("Verify");
        results[^1].Result.ShouldEndWith(3);
        run.Log.Should().Contain("::error title=Verification failed after the switch::");
        (await run.Fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        (await run.SummaryAsync()).Should().Contain("### Rollback `r2-");
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_WithSteps_ShiftsBeforeItSwitches()
    {
        await using var run = await GitHubRun.StartAsync();

        (await run.RunAsync(("bake", "1s"), ("steps", "1:1s,10%:500ms"))).Should().OnlyContain(step => step.Result.ExitCode == 0, "{0}", run.Log);

        run.Log.Should().Contain("shifted: orders: 1 % to green; step 1 of 2").And.Contain("shifted: orders: 10 % to green; step 2 of 2");
        (await run.SummaryAsync()).Should().Contain("| shift | 100 % |");
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_BakeNotOverInTime_IsRolledBack()
    {
        await using var run = await GitHubRun.StartAsync();

        var results = await run.RunAsync(("bake", "10m"), ("timeout", "2s"));

        results[^1].Name.Should().Be("Wait for the bake");
        results[^1].Result.ShouldEndWith(3);
        run.Outputs["status"].Should().Be("rolledBack");
        (await run.Fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_GateFails_EndsAtTheChecklistWithAnAnnotation()
    {
        await using var run = await GitHubRun.StartAsync();
        run.Next.Schema = new { current = 42, min = 43, max = 44 };

        var results = await run.RunAsync();

        results[^1].Name.Should().Be("Release checklist");
        results[^1].Result.ShouldEndWith(2);
        run.Log.Should().Contain("::error title=orders 2.1.0 is not fit to be released::").And.Contain("migrate first");
        (await run.Fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq")]
    public async Task GitHubAction_NoGateway_EndsWith7()
    {
        await using var run = await GitHubRun.StartAsync();

        (await run.RunAsync(("url", "http://127.0.0.1:1")))[^1].Result.ShouldEndWith(7);

        run.Log.Should().Contain("::error title=Deploying orders 2.1.0 failed::bluegreen: Can't reach");
    }

    [ToolsFact("bash", "jq")]
    public Task GitLabJob_AllWell_ReleasesAndLeavesItsTable() => RunsAsync(
        Block("gitlab/bluegreen.gitlab-ci.yml", "  script:\n    - |\n", 6), ["CI_PIPELINE_ID", "CI_PIPELINE_URL"], "", 0, SlotName.Green);

    [ToolsFact("bash", "jq")]
    public Task GitLabJob_WithSteps_ShiftsBeforeItSwitches() => RunsAsync(
        Block("gitlab/bluegreen.gitlab-ci.yml", "  script:\n    - |\n", 6), ["CI_PIPELINE_ID", "CI_PIPELINE_URL"], "", 0, SlotName.Green, "step 2 of 2", ("STEPS", "1:500ms,10:500ms"));

    [ToolsFact("bash", "jq")]
    public Task GitLabJob_VerificationFails_RollsBack() => RunsAsync(
        Block("gitlab/bluegreen.gitlab-ci.yml", "  script:\n    - |\n", 6), ["CI_PIPELINE_ID", "CI_PIPELINE_URL"], "test -n \"${BLUEGREEN_CLIENT_KEY_PASSWORD:-}\"", 3, SlotName.Blue);

    [ToolsFact("bash", "jq")]
    public async Task GitLabJob_AfterScript_WritesAnnotations()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        await File.WriteAllTextAsync(Path.Combine(fleet.Folder, "cutover.json"), """{ "code": "release-in-progress", "release": "r1-x" }""");

        (await Scripts.RunAsync(Block("gitlab/bluegreen.gitlab-ci.yml", "as a file.\n    - |\n", 6), fleet.Folder, "/bin", ("CI_JOB_URL", "https://gitlab/job/1"))).ShouldEndWith(0);

        (await File.ReadAllTextAsync(Path.Combine(fleet.Folder, "annotations.json"))).Should().Contain("https://gitlab/job/1").And.Contain("was refused");
    }

    [ToolsFact("bash", "jq")]
    public Task AzureSteps_AllWell_ReleaseAndUploadTheirSummary() => RunsAsync(
        Block("azure/bluegreen.yml", "  - bash: |\n", 6), ["BUILD_BUILDID"], "", 0, SlotName.Green, "##vso[task.uploadsummary]");

    [ToolsFact("bash", "jq")]
    public Task AzureSteps_VerificationFails_RollBackAndLogAnIssue() => RunsAsync(
        Block("azure/bluegreen.yml", "  - bash: |\n", 6), ["BUILD_BUILDID"], "test -n \"${BLUEGREEN_CLIENT_KEY_PASSWORD:-}\"", 3, SlotName.Blue, "##vso[task.logissue type=error]Verification failed");

    [ToolsFact("bash", "jq")]
    public Task AzureSteps_WithSteps_ShiftBeforeTheySwitch() => RunsAsync(
        Block("azure/bluegreen.yml", "  - bash: |\n", 6), ["BUILD_BUILDID"], "", 0, SlotName.Green, "step 2 of 2", ("STEPS", "1:500ms,10:500ms"));

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_WithSteps_ShiftsBeforeItSwitches()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        (await CurlAsync(fleet, next.Address, ("BAKE_SECONDS", "1"), ("STEPS", "0.5:1s, 10%:0.01m"))).ShouldEndWith(0);

        (await fleet.BlueGreenAsync("history", "orders", "-o", "json")).ShouldEndWith(0).Json[0].GetProperty("shift").GetProperty("steps").EnumerateArray().Select(step => step.GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal))
            .Should().Equal("""{"weight":0.5,"forSeconds":1}""", """{"weight":10,"forSeconds":0.6}""");
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_ByEvidenceUntilTheTimeIsOver_IsAborted()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        // Nobody sends requests, so there is nothing to judge by.
        (await CurlAsync(fleet, next.Address, ("BY_EVIDENCE", "20"), ("TIMEOUT", "10"))).ShouldEndWith(4).Error.Should().Contain("was shifting and is aborted");

        (await fleet.Admin.UntilNoReleaseAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_ShiftThatMakesNoSense_EndsWith64BeforeAnythingIsDeployed()
    {
        await using var fleet = await Fleet.HostAsync();

        (await CurlAsync(fleet, fleet.Green.Address, ("STEPS", "1:5x,10:5m"))).ShouldEndWith(64).Error.Should().Contain("\"1:5x\" is no step");
        (await CurlAsync(fleet, fleet.Green.Address, ("STEPS", "10:5m"), ("BY_EVIDENCE", "50"))).ShouldEndWith(64).Error.Should().Contain("both are set");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_AllWell_ReleasesAndRunningItAgainChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        var first = (await CurlAsync(fleet, next.Address, ("BAKE_SECONDS", "1"), ("VERIFY", "curl -sf \"$GATEWAY/orders/x\" | grep -q '^2.1.0$'"))).ShouldEndWith(0);
        var second = (await CurlAsync(fleet, next.Address)).ShouldEndWith(0);

        first.Error.Should().Contain("succeeded");
        second.Error.Should().Contain("nothing to do");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
        (await File.ReadAllTextAsync(Path.Combine(fleet.Folder, "summary.md"))).Should().Contain("| deepHealth | passed |");
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_VerificationFailsOrTimeIsOver_RollsBack()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        await using var third = await TestApi.StartAsync("2.2.0");

        (await CurlAsync(fleet, next.Address, ("BAKE_SECONDS", "600"), ("VERIFY", "exit 1"))).ShouldEndWith(3).Error.Should().Contain("verification failed");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        (await CurlAsync(fleet, third.Address, "2.2.0", ("BAKE_SECONDS", "600"), ("TIMEOUT", "10"))).ShouldEndWith(3).Error.Should().Contain("not completed in time");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_Refused_EndsWithTheExitCodeOfTheReason()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        next.Schema = new { current = 42, min = 43, max = 44 };

        (await CurlAsync(fleet, next.Address)).ShouldEndWith(2).Error.Should().Contain("migrate first");
        (await CurlAsync(fleet, next.Address, ("BLUEGREEN_URL", "http://127.0.0.1:1"))).ShouldEndWith(7);
        (await Scripts.RunFileAsync([Script], fleet.Folder, "/bin")).ShouldEndWith(64);
        fleet.Green.Version = "2.0.0";
        (await fleet.BlueGreenAsync("cutover", "--force", "--bake", "10m")).ShouldEndWith(0);
        (await CurlAsync(fleet, next.Address, "2.3.0")).ShouldEndWith(5).Error.Should().Contain("bakes and may roll back");
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_AnotherVersionRunsThere_EndsWith4AndSaysWhatEachDestinationReports()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        var result = (await CurlAsync(fleet, next.Address, "2.2.0", ("TIMEOUT", "4"))).ShouldEndWith(4);

        result.Error.Should().Contain($"127.0.0.1:{next.Port} reports 2.1.0, and 2.2.0 was deployed").And.Contain("Nothing was switched").And.NotContain("reason");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_SickDestination_EndsWith4AndSaysWhy()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        next.Health = context => next.WriteReportAsync(context, "unhealthy", 503);

        (await CurlAsync(fleet, next.Address, ("TIMEOUT", "4"))).ShouldEndWith(4).Error.Should().Contain($"127.0.0.1:{next.Port}: status code 503");
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_ReleaseIsOverBeforeItIsSeen_IsVerifiedAllTheSame()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        (await CurlAsync(fleet, next.Address, ("BAKE_SECONDS", "0"), ("VERIFY", "exit 1"))).ShouldEndWith(3).Error.Should().Contain("verification failed");

        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [ToolsFact("bash", "jq", "curl")]
    public async Task CurlScript_AnotherServerAnswers_EndsWith7()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var server = await ForeignServer.StartAsync(200, "text/html", "<!doctype html>");

        (await CurlAsync(fleet, fleet.Green.Address, ("BLUEGREEN_URL", server.Url))).ShouldEndWith(7).Error.Should().Contain($"{server.Url} is not a BlueGreen gateway");
    }

    private static string Script => Repository.PathOf("deploy", "pipelines", "curl", "release.sh");

    private static Task<CliResult> CurlAsync(Fleet fleet, string address, params (string Name, string Value)[] environment) => CurlAsync(fleet, address, "2.1.0", environment);

    private static Task<CliResult> CurlAsync(Fleet fleet, string address, string version, params (string Name, string Value)[] environment) => Scripts.RunFileAsync(
        [Script, "orders", version, address],
        fleet.Folder,
        "/bin",
        [("BLUEGREEN_URL", fleet.AdminUrl()), ("GATEWAY", fleet.Gateway.Url), ("SUMMARY", Path.Combine(fleet.Folder, "summary.md")), .. environment]);

    private static async Task RunsAsync(string script, string[] variables, string verify, int exitCode, SlotName active, string? said = null, params (string Name, string Value)[] more)
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"]!["Duration"] = "00:00:01");
        await using var next = await TestApi.StartAsync("2.1.0");

        var result = (await Scripts.RunAsync(
            script,
            fleet.Folder,
            Scripts.FolderWithBlueGreen(fleet.Folder),
            [
                ("BLUEGREEN_URL", fleet.AdminUrl()),
                ("SERVICE", "orders"),
                ("VERSION", "2.1.0"),
                ("DESTINATIONS", next.Address),
                ("VERIFY", verify),
                ("TIMEOUT", "1m"),
                ("BLUEGREEN_CLIENT_KEY_PASSWORD", "of the job"),
                .. variables.Select(name => (name, "17")),
                .. more,
            ])).ShouldEndWith(exitCode);

        if (said is not null)
        {
            (result.Out + result.Error).Should().Contain(said);
        }

        (await fleet.Admin.StatusAsync()).Active.Should().Be(active);
        (await File.ReadAllTextAsync(Path.Combine(fleet.Folder, "release.md"))).Should().Contain(exitCode == 0 ? ": succeeded" : "### Rollback");
    }

    /// <summary>A block of literal text in a YAML file.</summary>
    private static string Block(string file, string after, int indent)
    {
        var text = File.ReadAllText(Repository.PathOf(["deploy", "pipelines", .. file.Split('/')])).ReplaceLineEndings("\n");
        var start = text.IndexOf(after, StringComparison.Ordinal);
        start.Should().BePositive("{0} holds {1}", file, after);
        return string.Join('\n', text[(start + after.Length)..].Split('\n').TakeWhile(line => line.Length == 0 || line.StartsWith(new string(' ', indent), StringComparison.Ordinal)).Select(line => line.Length == 0 ? "" : line[indent..]));
    }

    [GeneratedRegex(@"\$\{\{ *(?<expression>[^}]*?) *\}\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Expressions();

    /// <summary>The composite action's steps, run as GitHub's runner runs them.</summary>
    private sealed partial class GitHubRun : IAsyncDisposable
    {
        private readonly List<string> _log = [];
        private string _bin = "";

        private GitHubRun(Fleet fleet, TestApi next)
        {
            Fleet = fleet;
            Next = next;
        }

        public Fleet Fleet { get; }

        public TestApi Next { get; }

        public Dictionary<string, string> Outputs { get; } = new(StringComparer.Ordinal);

        public string Log => string.Join('\n', _log);

        public static async Task<GitHubRun> StartAsync()
        {
            var run = new GitHubRun(await Fleet.HostAsync(), await TestApi.StartAsync("2.1.0"));
            run._bin = Scripts.FolderWithBlueGreen(run.Fleet.Folder);
            return run;
        }

        public Task<string> SummaryAsync() => File.ReadAllTextAsync(Path.Combine(Fleet.Folder, "summary"));

        public async Task<IReadOnlyList<(string Name, CliResult Result)>> RunAsync(params (string Name, string Value)[] inputs)
        {
            var text = (await File.ReadAllTextAsync(Repository.PathOf("deploy", "pipelines", "github", "action.yml"))).ReplaceLineEndings("\n");
            var values = InputsOf(text);
            values["url"] = Fleet.AdminUrl();
            values["service"] = "orders";
            values["version"] = "2.1.0";
            values["destinations"] = $"  \n{Next.Address}\n";
            foreach (var (name, value) in inputs)
            {
                values.Should().ContainKey(name, "the action has such an input");
                values[name] = value;
            }

            var results = new List<(string, CliResult)>();
            foreach (var step in Regex.Split(text, "(?m)^    - (?=name: )").Skip(1))
            {
                if (step.Contains("if: ${{ inputs.verify != '' }}", StringComparison.Ordinal) && values["verify"].Length == 0)
                {
                    continue;
                }

                var name = Regex.Match(step, "^name: (.*)").Groups[1].Value;
                var result = await RunStepAsync(step, values);
                _log.Add($"{name}: {result.ExitCode}\n{result.Out}\n{result.Error}");
                results.Add((name, result));
                if (result.ExitCode != 0)
                {
                    ReadOutputs();
                    break;
                }
            }

            return results;
        }

        public async ValueTask DisposeAsync()
        {
            await Next.DisposeAsync();
            await Fleet.DisposeAsync();
        }

        private async Task<CliResult> RunStepAsync(string step, Dictionary<string, string> inputs)
        {
            // An expression inside of a script would be code of whoever writes the input; there, values come by variables only.
            var lines = step.Split("      run: |\n", 2);
            lines[1].Should().NotContain("${{");
            var script = string.Join('\n', lines[1].Split('\n').Select(line => line.Length >= 8 ? line[8..] : line));
            var environment = Regex.Matches(lines[0], "(?m)^        (?<name>[A-Z_]+): (?<value>.*)$")
                .Select(match => (match.Groups["name"].Value, Expressions().Replace(match.Groups["value"].Value, expression => Evaluate(expression.Groups["expression"].Value, inputs))));
            var result = await Scripts.RunAsync(
                script,
                Fleet.Folder,
                _bin,
                [
                    ("GITHUB_ACTION_PATH", Repository.PathOf("deploy", "pipelines", "github")),
                    ("GITHUB_OUTPUT", Path.Combine(Fleet.Folder, "output")),
                    ("GITHUB_STEP_SUMMARY", Path.Combine(Fleet.Folder, "summary")),
                    ("GITHUB_PATH", Path.Combine(Fleet.Folder, "path")),
                    ("GITHUB_REPOSITORY", "somebody/orders"),
                    ("GITHUB_RUN_ID", "4711"),
                    ("RUNNER_TEMP", Fleet.Folder),
                    ("GATEWAY", Fleet.Gateway.Url),
                    ("BLUEGREEN_CLIENT_KEY_PASSWORD", "of the job"),
                    .. environment,
                ]);
            ReadOutputs();
            return result;
        }

        private string Evaluate(string expression, Dictionary<string, string> inputs) => expression switch
        {
            "steps.cutover.outputs.release" => Outputs["release"],
            _ when expression.StartsWith("inputs.", StringComparison.Ordinal) => inputs[expression["inputs.".Length..]],
            _ => throw new InvalidOperationException($"The test does not know the expression {expression}."),
        };

        private void ReadOutputs()
        {
            var file = Path.Combine(Fleet.Folder, "output");
            foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
            {
                var pair = line.Split('=', 2);
                Outputs[pair[0]] = pair[1];
            }
        }

        private static Dictionary<string, string> InputsOf(string text)
        {
            var section = text[text.IndexOf("\ninputs:", StringComparison.Ordinal)..text.IndexOf("\noutputs:", StringComparison.Ordinal)];
            return Regex.Matches(section, "(?m)^  (?<name>[a-z-]+):\n(?<rest>(    .*\n)+)").ToDictionary(
                match => match.Groups["name"].Value,
                match => Regex.Match(match.Groups["rest"].Value, "default: '?(?<value>[^'\n]*)'?").Groups["value"].Value,
                StringComparer.Ordinal);
        }
    }
}
