using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Server-sent events, and the chained audit journal.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task Events_OfARelease_ArriveAsTheyHappen()
    {
        await using var fleet = await Fleet.HostAsync();
        using var stream = await OpenAsync(fleet, "/v1/events?service=orders");

        await fleet.Admin.CutoverAsync(wait: null);

        var events = await ReadAsync(stream, until: "succeeded");
        events.Select(entry => entry.Type).Where(type => type != "gatePassed").Should().Equal("created", "switched", "drained", "succeeded");
        events.Select(entry => entry.Id).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        events.Should().OnlyContain(entry => entry.Data.GetProperty("services")[0].GetString() == "orders");
    }

    [Fact]
    public async Task Events_ResumedAfterARestart_GoOnWithoutGapOrRepetition()
    {
        await using var fleet = await Fleet.StartAsync();
        List<StreamEvent> before;
        using (var stream = await OpenAsync(fleet, "/v1/events"))
        {
            await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });
            before = await ReadAsync(stream, until: "switched");
        }

        var rollback = await fleet.Admin.RollbackAsync(until: "completed");
        await fleet.RestartAfterKillAsync();

        using var resumed = await OpenAsync(fleet, "/v1/events", lastEventId: $"{before[^1].History}-{before[^1].Id}");
        var after = await ReadAsync(resumed, until: "succeeded");
        after[0].Id.Should().Be(before[^1].Id + 1);
        after.Select(entry => entry.Id).Should().Equal(Enumerable.Range(0, after.Count).Select(offset => before[^1].Id + 1 + offset));
        after.Should().OnlyContain(entry => entry.History == before[0].History, "it is the same state").And.Contain(entry => entry.Type == "rolledBack");
        after[^1].Data.GetProperty("release").GetString().Should().Be(rollback.Release.Id);
    }

    [Fact]
    public async Task Events_OfOneRelease_TellItsWholeStory()
    {
        await using var fleet = await Fleet.HostAsync();
        var cutover = await fleet.Admin.CutoverAsync(until: "completed");

        using var stream = await OpenAsync(fleet, $"/v1/events?release={cutover.Release.Id}");

        (await ReadAsync(stream, until: "succeeded"))[0].Type.Should().Be("created");
    }

    [Fact]
    public async Task Events_GatewayStops_EndCleanly()
    {
        await using var fleet = await Fleet.StartAsync();
        using var stream = await OpenAsync(fleet, "/v1/events");

        (await fleet.Gateway.StopAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData("/v1/events?service=nope", null, 404)]
    [InlineData("/v1/events?release=r9-000000", null, 404)]
    [InlineData("/v1/events", "yesterday", 400)]
    public async Task Events_BadRequest_IsRefused(string path, string? lastEventId, int status)
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.SendAsync(HttpMethod.Get, path, headers: lastEventId is null ? [] : [("Last-Event-ID", lastEventId)]);

        answer.Status.Should().Be(status);
    }

    [Theory]
    [InlineData("edited", "line 3 does not follow from the one before")]
    [InlineData("removed", "line 3 does not follow from the one before")]
    [InlineData("untouched", null)]
    public async Task AuditJournal_ChangedBehindTheGatewaysBack_IsFoundAtStart(string how, string? expected)
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Admin.CutoverAsync(new { reason = "honest" }, until: "completed");
        await fleet.Admin.CutoverAsync(new { to = "blue", reason = "and back" }, until: "completed");
        await fleet.Gateway.KillAsync();
        var file = Path.Combine(fleet.StateFolder, "audit.jsonl");
        var lines = (await File.ReadAllLinesAsync(file)).ToList();
        switch (how)
        {
            case "edited":
                lines[1] = lines[1].Replace("\"gateway\"", "\"somebody\"", StringComparison.Ordinal);
                break;
            case "removed":
                lines.RemoveAt(1);
                break;
        }

        await File.WriteAllLinesAsync(file, lines);
        await fleet.Gateway.DisposeAsync();
        await fleet.HostGatewayAsync();

        if (expected is null)
        {
            fleet.Gateway.Output.Should().NotContain("has been changed");
        }
        else
        {
            fleet.Gateway.Output.Should().Contain("audit.jsonl has been changed").And.Contain(expected);
        }
    }

    private static async Task<StreamReader> OpenAsync(Fleet fleet, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is { } id)
        {
            request.Headers.Add("Last-Event-ID", id);
        }

        var response = await fleet.Admin.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<List<StreamEvent>> ReadAsync(StreamReader stream, string until)
    {
        var events = new List<StreamEvent>();
        var (history, id, type) = ("", 0L, "");
        while (events.Count == 0 || events[^1].Type != until)
        {
            var line = await stream.ReadLineAsync() ?? throw new EndOfStreamException();
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                var parts = line[4..].Split('-');
                (history, id) = (parts[0], long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events.Add(new StreamEvent(history, id, type, JsonDocument.Parse(line[6..]).RootElement));
            }
        }

        return events;
    }

    private sealed record StreamEvent(string History, long Id, string Type, JsonElement Data);
}
