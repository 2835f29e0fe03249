using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// Four services behind one gateway, with hooks: releases of one and of several services and deployments are asked for all at once,
/// the gateway is killed, and after the restart everything that can be seen from outside has to agree.
/// </summary>
internal sealed class KillWorld : IAsyncDisposable
{
    private static readonly string[] Services = ["orders", "billing", "stock", "users"];

    private readonly Random _random;
    private readonly TestApi[] _apis;
    private readonly HookReceiver _receiver;
    private readonly Fleet _fleet;
    private Dictionary<string, ServiceStatus> _known = [];
    private long _lastRelease;

    private KillWorld(Random random, TestApi[] apis, HookReceiver receiver, Fleet fleet)
    {
        (_random, _apis, _receiver, _fleet) = (random, [fleet.Blue, fleet.Green, .. apis], receiver, fleet);
    }

    public int Kills { get; private set; }

    public int Operations { get; private set; }

    /// <summary>Answers that told of a switch, a deployment or an end of a bake.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Switches and deployments that nobody was told of, and that were there after the restart.</summary>
    public int ThereUnannounced { get; private set; }

    public int Refused { get; private set; }

    public int ProcessId => _fleet.Gateway.Id;

    public static async Task<KillWorld> StartAsync(int seed)
    {
        var receiver = await HookReceiver.StartAsync();
        var apis = new[] { await TestApi.StartAsync("1.1.0"), await TestApi.StartAsync("2.1.0") };
        var fleet = await Fleet.StartAsync(configuration =>
        {
            foreach (var service in Services.Skip(1))
            {
                Fleet.AddService(configuration, service);
            }

            configuration["BlueGreen"]!["Hooks"] = new JsonObject
            {
                ["told"] = receiver.Hook("postSwitch", "succeeded", "rolledBack", "aborted", "failed"),
                ["asked"] = receiver.Hook("preSwitch"),
            };
        });
        var world = new KillWorld(new Random(seed), apis, receiver, fleet);
        world._known = await world.LookAsync();
        return world;
    }

    /// <summary>Asks for several things at once, has the gateway killed, starts it anew and checks everything.</summary>
    /// <param name="kill">Returns when the time to kill has come; is given a task that ends when everything is answered.</param>
    public async Task RoundAsync(Func<Task, Task> kill)
    {
        var plan = new KillPlan(_random, _known, _apis.Select(api => api.Address).ToArray()).Make();
        var calls = plan.Select(operation => (Operation: operation, Answer: operation.Ask(_fleet.Admin))).ToList();
        await kill(Task.WhenAll(calls.Select(call => QuietlyAsync(call.Answer))));
        var log = _fleet.Gateway;
        await _fleet.RestartAfterKillAsync(isProcess: true);
        Kills++;
        Operations += plan.Count;
        var answers = new List<(KillOperation Operation, AdminAnswer? Answer)>();
        foreach (var (operation, answer) in calls)
        {
            answers.Add((operation, await QuietlyAsync(answer)));
        }

        await CheckAsync(answers);
        log.Output.Should().NotContain("[FTL]", "nothing here is a reason for alarm");
    }

    /// <summary>Checks what has to hold over all rounds: every switch was told of, and nothing that was none.</summary>
    public async Task CheckHooksAsync()
    {
        var stored = new StoredFolder(_fleet.StateFolder);
        await AdminSection.UntilAsync(() => Task.FromResult(stored.Waiting().Count == 0), () => $"these calls wait: {string.Join(", ", stored.Waiting())}");
        var switched = stored.Lines("events").Where(line => line.Record.GetProperty("type").GetString() == "switched").Select(line => line.Record.GetProperty("release").GetString());
        var told = _receiver.Calls.Where(call => call.Event == "postSwitch").Select(call => call.Body.GetProperty("release").GetProperty("id").GetString()).Distinct();
        told.Should().BeEquivalentTo(switched, "each switch is told of at least once, and nothing else is");
    }

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await _receiver.DisposeAsync();
        foreach (var api in _apis.Skip(2))
        {
            await api.DisposeAsync();
        }
    }

    private async Task CheckAsync(List<(KillOperation Operation, AdminAnswer? Answer)> answers)
    {
        var after = await LookAsync();
        var releases = (await _fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases?limit=50")).Json.EnumerateArray()
            .Where(release => NumberOf(release) > _lastRelease).ToDictionary(release => release.GetProperty("id").GetString()!);
        CheckReleases(after, releases);
        CheckMoves(after, releases, answers);
        foreach (var (operation, answer) in answers)
        {
            await CheckAnswerAsync(operation, answer, after);
        }

        await CheckTrafficAsync(after);
        CheckStored();
        _known = after;
        _lastRelease = Math.Max(_lastRelease, releases.Values.Select(NumberOf).DefaultIfEmpty().Max());
    }

    // All services of a release are on the side that the release says, or none has moved.
    private void CheckReleases(Dictionary<string, ServiceStatus> after, Dictionary<string, JsonElement> releases)
    {
        foreach (var release in releases.Values)
        {
            var isSwitched = release.GetProperty("switchedAt").ValueKind != JsonValueKind.Null;
            release.GetProperty("status").GetString().Should().BeOneOf(isSwitched ? ["succeeded", "baking"] : ["failed", "aborted", "rejected"]);
            foreach (var service in release.GetProperty("services").EnumerateArray())
            {
                var (before, now) = (_known[service.GetProperty("name").GetString()!], after[service.GetProperty("name").GetString()!]);
                now.Generation.Should().Be(before.Generation + (isSwitched ? 1 : 0), "all services of {0} have switched or none", release);
                now.Active.ToText().Should().Be(service.GetProperty(isSwitched ? "to" : "from").GetString(), "{0} says so", release);
                if (isSwitched)
                {
                    service.GetProperty("generation").GetInt64().Should().Be(now.Generation);
                }
            }
        }
    }

    // What changed was asked for, and each change is one release's or one deployment's.
    private void CheckMoves(Dictionary<string, ServiceStatus> after, Dictionary<string, JsonElement> releases, List<(KillOperation Operation, AdminAnswer? Answer)> answers)
    {
        foreach (var name in Services)
        {
            var (before, now) = (_known[name], after[name]);
            var by = releases.Values.Where(release => release.GetProperty("switchedAt").ValueKind != JsonValueKind.Null
                && release.GetProperty("services").EnumerateArray().Any(service => service.GetProperty("name").GetString() == name)).ToList();
            var deployed = answers.Find(answer => answer.Operation.Deploys == name);
            if (deployed.Operation is null)
            {
                by.Should().HaveCount(now.Active == before.Active ? 0 : 1);
                now.Generation.Should().Be(before.Generation + by.Count);
                Addresses(now).Should().Equal(Addresses(before));
            }
            else
            {
                now.Active.Should().Be(before.Active);
                now.Generation.Should().BeInRange(before.Generation, before.Generation + 1);
                Addresses(now).SequenceEqual(Addresses(before)).Should().Be(now.Generation == before.Generation, "a deployment is there as a whole or not at all");
            }

            var isAnnounced = answers.Exists(answer => answer.Answer is { Status: 200 } && answer.Operation.Concerns(name));
            ThereUnannounced += now.Generation > before.Generation && !isAnnounced ? 1 : 0;
        }
    }

    // What was said is true, and stays so.
    private async Task CheckAnswerAsync(KillOperation operation, AdminAnswer? answer, Dictionary<string, ServiceStatus> after)
    {
        if (answer is null)
        {
            return;
        }

        if (answer.Status is not (200 or 202))
        {
            answer.Status.Should().BeOneOf([409, 422], answer.Body);
            Refused++;
            return;
        }

        if (operation.Deploys is { } deployed)
        {
            Acknowledged++;
            Addresses(after[deployed]).Should().Contain(operation.Address!, "that was acknowledged");
            return;
        }

        if (!answer.Json.TryGetProperty("id", out var id) || id.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var now = (await _fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases/" + id.GetString())).Json;
        var (said, status) = (answer.Json.GetProperty("switchedAt"), answer.Json.GetProperty("status").GetString());
        if (said.ValueKind != JsonValueKind.Null)
        {
            Acknowledged++;
            now.GetProperty("switchedAt").GetDateTimeOffset().Should().Be(said.GetDateTimeOffset(), "that was acknowledged");
        }

        if (Ended.Contains(status))
        {
            now.GetProperty("status").GetString().Should().Be(status, "that was acknowledged");
        }
    }

    private static readonly string[] Ended = ["succeeded", "rolledBack", "aborted", "failed", "rejected", "abandoned"];

    private async Task CheckTrafficAsync(Dictionary<string, ServiceStatus> after)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_fleet.Gateway.Url) };
        foreach (var (name, status) in after)
        {
            var address = (status.Active == SlotName.Blue ? status.Slots.Blue : status.Slots.Green).Destinations.Single().Address;
            for (var request = 0; request < 3; request++)
            {
                using var response = await client.GetAsync($"/{name}/x");
                response.Headers.GetValues("X-Environment").Should().Equal(status.Active.ToText());
                (await response.Content.ReadAsStringAsync()).Should().Be(_apis.Single(api => api.Address == address).Version, "{0} is where the status says", name);
            }
        }
    }

    private void CheckStored()
    {
        var stored = new StoredFolder(_fleet.StateFolder);
        stored.ShouldBeWhole();
        var last = stored.State().GetProperty("lastRelease").GetInt64();
        stored.Releases().Select(NumberOf).Order().Should().Equal(Enumerable.Range(1, (int)last).Select(number => (long)number), "each release is there once");
        _fleet.Gateway.Output.Should().NotContain("[FTL]", "the restart finds nothing that it can't explain");
    }

    // Taken up where they stood, or ended as what they were; what bakes goes on baking.
    private async Task<Dictionary<string, ServiceStatus>> LookAsync()
    {
        var seen = new Dictionary<string, ServiceStatus>(StringComparer.Ordinal);
        foreach (var name in Services)
        {
            await _fleet.Admin.UntilAsync(status => status.Release is null or { Status: ReleaseStatus.Baking }, name);
        }

        foreach (var name in Services)
        {
            seen[name] = await _fleet.Admin.StatusAsync(name);
        }

        return seen;
    }

    private static IEnumerable<string> Addresses(ServiceStatus status) =>
        status.Slots.Blue.Destinations.Concat(status.Slots.Green.Destinations).Select(destination => destination.Address);

    private static long NumberOf(JsonElement release) => NumberOf(release.GetProperty("id").GetString()!);

    private static long NumberOf(string id) => long.Parse(id[1..id.IndexOf('-', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<AdminAnswer?> QuietlyAsync(Task<AdminAnswer> call)
    {
        try
        {
            return await call;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            // Killed before it could answer.
            return null;
        }
    }
}
