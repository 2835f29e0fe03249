using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariants 1, 3 and 8: what has begun on the old slot ends there, and the count of it is exact.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Drain_RequestsInFlightAtTheSwitch_FinishOnTheOldSlotAndAreCountedExactly()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = Enumerable.Range(0, 7).Select(_ => client.GetAsync("/orders/gate/slow")).ToList();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 7);

        var answer = await fleet.Admin.CutoverAsync(until: "switched");

        answer.Status.Should().Be(200, answer.Body);
        var release = await fleet.Admin.ReleaseAsync(answer.Release.Id);
        release.Status.Should().Be(ReleaseStatus.Draining);
        release.Drain!.StartedWith.Should().Be(7);
        release.Drain.Remaining.Should().Be(7);
        release.DrainedAt.Should().BeNull();
        (await client.GetStringAsync("/orders/now")).Should().Be("2.0.0", "new requests go to green while blue drains");

        fleet.Blue.Open("slow");
        foreach (var request in slow)
        {
            using var response = await request;
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            response.Headers.GetValues("X-Environment").Should().Equal("blue");
            (await response.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        }

        await fleet.Admin.UntilNoReleaseAsync();
        release = await fleet.Admin.ReleaseAsync(release.Id);
        release.Status.Should().Be(ReleaseStatus.Succeeded);
        release.Drain.Should().BeEquivalentTo(new { StartedWith = 7, Remaining = 0, Aborted = 0 });
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Total.Should().Be(0);
    }

    [Fact]
    public async Task Drain_DeadlinePasses_CancelsWhatIsLeftTruthfullyAndCountsIt()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var notBegun = Enumerable.Range(0, 3).Select(_ => client.GetAsync("/orders/gate/never")).ToList();
        using var begun = await client.GetAsync("/orders/stream/never", HttpCompletionOption.ResponseHeadersRead);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 4);

        var answer = await fleet.Admin.CutoverAsync(new { drainSeconds = 0.3 }, until: "completed");

        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Status.Should().Be(ReleaseStatus.Succeeded);
        answer.Release.Drain.Should().BeEquivalentTo(new { StartedWith = 4, Remaining = 0, Aborted = 4 });
        foreach (var request in notBegun)
        {
            using var response = await request;
            response.StatusCode.Should().Be(HttpStatusCode.GatewayTimeout, "the response had not begun");
            response.Headers.GetValues("X-Environment").Should().Equal("blue");
        }

        // A response that has begun can't be taken back: the client must see that it is not whole.
        var read = () => begun.Content.ReadAsStringAsync();
        await read.Should().ThrowAsync<HttpRequestException>();
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Total.Should().Be(0);
    }

    [Fact]
    public async Task Drain_SlotBecomesActiveAgainAfterItsDeadline_ServesNewRequests()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var cancelled = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        (await fleet.Admin.CutoverAsync(new { drainSeconds = 0 }, until: "completed")).Release.Drain!.Aborted.Should().Be(1);
        (await cancelled).StatusCode.Should().Be(HttpStatusCode.GatewayTimeout);

        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);

        fleet.Blue.Open("fine");
        (await client.GetStringAsync("/orders/gate/fine")).Should().Be("1.0.0", "the signal of the old drain must not end new requests");
    }

    [Fact]
    public async Task Rollback_WhileTheOldSlotDrains_LeavesItsRequestsAloneAndEndsTheRelease()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/slow");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = await fleet.Admin.CutoverAsync(new { drainSeconds = 3, bakeSeconds = 60 });

        var rollback = await fleet.Admin.RollbackAsync(new { reason = "errors" }, until: "completed");

        rollback.Status.Should().Be(200, rollback.Body);
        rollback.Release.Kind.Should().Be(ReleaseKind.Rollback);
        rollback.Release.Status.Should().Be(ReleaseStatus.Succeeded);
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Status.Should().Be(ReleaseStatus.RolledBack);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);

        // Past the deadline of the first drain: it was called off, for the slot is active again.
        await Task.Delay(TimeSpan.FromSeconds(3.5));
        fleet.Blue.Open("slow");
        (await slow).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task InFlight_ClientVanishes_CountsDownToZero()
    {
        await using var fleet = await Fleet.HostAsync();
        using (var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) })
        {
            using var vanish = new CancellationTokenSource();
            var requests = Enumerable.Range(0, 5).Select(_ => client.GetAsync("/orders/gate/never", vanish.Token)).ToList();
            await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 5);
            await vanish.CancelAsync();
            foreach (var request in requests)
            {
                await ((Func<Task>)(() => request)).Should().ThrowAsync<OperationCanceledException>();
            }
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task InFlight_ApiVanishes_CountsDownToZeroAndAnswersWithTheSlot()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        await fleet.Blue.DisposeAsync();

        using var response = await client.GetAsync("/orders/x");

        response.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        response.Headers.GetValues("X-Environment").Should().Equal("blue");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }
}
