using System.Diagnostics;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariant 5: what was acknowledged survives kill -9, and a restart comes back wholly blue or wholly green.</summary>
public sealed class KillTests
{
    private const string CountVariable = "BLUEGREEN_KILLS";
    private const int DefaultKills = 12;

    [Fact]
    public async Task Kill_AtRandomMomentsAroundASwitch_ComesBackWhollyOnOneSlotAndTheAcknowledgedOne()
    {
        var kills = int.TryParse(Environment.GetEnvironmentVariable(CountVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : DefaultKills;
        var random = new Random(Seed: 20_26);
        await using var fleet = await Fleet.StartAsync();
        using var warm = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        await warm.GetStringAsync("/orders/x");
        var before = await fleet.Admin.StatusAsync();
        var acknowledged = 0;

        // The kills aim at the whole of a switch and half as much after it, however fast the machine is.
        var switchTime = TimeSpan.FromMilliseconds(500);
        for (var kill = 0; kill < kills; kill++)
        {
            var target = before.Active.Other();
            var asked = Stopwatch.GetTimestamp();
            var call = TimedAsync(fleet.Admin.CutoverAsync(new { to = target.ToText(), force = true }), asked);
            await SpinUntilAsync(asked, switchTime * 1.5 * random.NextDouble());
            AdminAnswer? answered = null;
            if (call.IsCompletedSuccessfully)
            {
                (answered, switchTime) = await call;
            }

            await fleet.RestartAfterKillAsync();
            await ((Func<Task>)(() => call)).InvokeQuietlyAsync();

            var after = await fleet.Admin.StatusAsync();
            if (answered is { Status: 200 })
            {
                acknowledged++;
                after.Active.Should().Be(target, "the switch was acknowledged before kill {0}", kill);
            }

            after.Generation.Should().Be(before.Generation + (after.Active == target ? 1 : 0), "a switch is there as a whole or not at all");
            await AllRequestsGoToAsync(fleet, after.Active);
            await AssertReleaseIsTruthfulAsync(fleet, after, target);
            before = after;
        }

        acknowledged.Should().BeInRange(1, kills - 1, "else the kills did not fall on both sides of the acknowledgement");
    }

    private static async Task AllRequestsGoToAsync(Fleet fleet, SlotName slot)
    {
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var request = 0; request < 20; request++)
        {
            using var response = await client.GetAsync("/orders/x");
            response.Headers.GetValues("X-Environment").Should().Equal(slot.ToText());
            (await response.Content.ReadAsStringAsync()).Should().Be(slot == SlotName.Blue ? "1.0.0" : "2.0.0");
        }
    }

    // Taken up where it stood, or ended as what it was: failed before the switch, succeeded after it (there is no bake here).
    private static async Task AssertReleaseIsTruthfulAsync(Fleet fleet, ServiceStatus after, SlotName target)
    {
        await fleet.Admin.UntilNoReleaseAsync();
        var newest = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases?limit=1")).Json.EnumerateArray().SingleOrDefault();
        if (newest.ValueKind == System.Text.Json.JsonValueKind.Undefined)
        {
            after.Generation.Should().Be(1);
            return;
        }

        var switched = newest.GetProperty("switchedAt").ValueKind != System.Text.Json.JsonValueKind.Null;
        newest.GetProperty("status").GetString().Should().Be(switched ? "succeeded" : "failed");
        if (after.Active == target)
        {
            switched.Should().BeTrue();
            newest.GetProperty("services")[0].GetProperty("generation").GetInt64().Should().Be(after.Generation);
        }
    }

    private static async Task<(AdminAnswer Answer, TimeSpan Took)> TimedAsync(Task<AdminAnswer> call, long asked)
    {
        var answer = await call;
        return (answer, Stopwatch.GetElapsedTime(asked));
    }

    // Finer than a timer would be.
    private static Task SpinUntilAsync(long start, TimeSpan after) => Task.Run(() =>
    {
        while (Stopwatch.GetElapsedTime(start) < after)
        {
            Thread.SpinWait(20);
        }
    });
}

internal static class TaskExpectations
{
    /// <summary>Awaits a call whose server was killed: it may have been answered or not.</summary>
    public static async Task InvokeQuietlyAsync(this Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            // Killed before it could answer.
        }
    }
}
