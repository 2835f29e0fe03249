using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class HookOutboxTests
{
    private static readonly ImmutableArray<HookOptions> Hooks =
        [new HookOptions { Name = "chat", Url = new Uri("http://chat/"), Events = [HookEvent.PostSwitch, HookEvent.Aborted, HookEvent.Failed, HookEvent.Decommission], GiveUpAfter = TimeSpan.FromHours(2) }];

    private readonly ReleaseState _release = States.Release("r1-aaaaaa");

    [Theory]
    [InlineData("switched", HookEvent.PostSwitch)]
    [InlineData("aborted", HookEvent.Aborted)]
    [InlineData("failed", HookEvent.Failed)]
    public void Fill_Event_EnqueuesACallThatExpiresByTheEventsTime(string type, HookEvent hookEvent)
    {
        var change = HookOutbox.Fill(Change(type), [], Hooks);

        var call = change.Enqueued.Should().ContainSingle().Subject;
        (call.Event, call.Hook, call.Release, call.ExpiresAt).Should().Be((hookEvent, "chat", "r1-aaaaaa", States.Now.AddHours(2)));
    }

    // A receiver that is dead for weeks must not make the state grow without end; the audit says what was dropped.
    [Fact]
    public void Fill_MoreCallsThanMayWait_DropsTheOldestOfThatHook()
    {
        var waiting = Enumerable.Range(1, HookOutbox.MaxPerHook)
            .Select(number => new HookDelivery($"{number}-chat", "chat", HookEvent.PostSwitch, "r0-aaaaaa", null, States.Now))
            .Append(new HookDelivery("0-other", "other", HookEvent.PostSwitch, "r0-aaaaaa", null, States.Now))
            .ToImmutableList();

        var change = HookOutbox.Fill(Change("switched"), waiting, Hooks);

        change.Dequeued.Should().Equal("1-chat");
        change.Audit.Should().ContainSingle().Which.Result.Should().Be("dropped");
        new RecentRecords { Outbox = waiting }.Apply(change).Outbox.Count(call => call.Hook == "chat").Should().Be(HookOutbox.MaxPerHook);
    }

    // A hook that was taken out of the configuration has nobody who gives its calls up.
    [Fact]
    public void Fill_CallOfAHookThatIsNoLongerConfigured_IsDroppedWhenItHasExpired()
    {
        var waiting = ImmutableList.Create(
            new HookDelivery("1-gone", "gone", HookEvent.PostSwitch, "r0-aaaaaa", null, States.Now.AddHours(-2)) { ExpiresAt = States.Now.AddHours(-1) },
            new HookDelivery("2-gone", "gone", HookEvent.PostSwitch, "r0-aaaaaa", null, States.Now) { ExpiresAt = States.Now.AddHours(1) },
            new HookDelivery("3-chat", "chat", HookEvent.PostSwitch, "r0-aaaaaa", null, States.Now.AddHours(-2)) { ExpiresAt = States.Now.AddHours(-1) });

        var change = HookOutbox.Fill(Change("switched"), waiting, Hooks);

        change.Dequeued.Should().Equal("1-gone");
        change.Audit.Should().ContainSingle().Which.Detail.Should().Contain("gone").And.Contain("no hook of this name");
    }

    [Fact]
    public void Withdrawal_OfASlot_TakesBackItsDecommissionCallsAlone()
    {
        var waiting = HookOutbox.ForDecommission(Hooks, 1, "r1-aaaaaa", "orders", SlotName.Blue, 3, States.Now)
            .Concat(HookOutbox.ForDecommission(Hooks, 2, "r1-aaaaaa", "orders", SlotName.Green, 3, States.Now))
            .Concat(HookOutbox.ForDecommission(Hooks, 3, "r1-aaaaaa", "users", SlotName.Blue, 3, States.Now))
            .Append(new HookDelivery("4-chat", "chat", HookEvent.PostSwitch, "r1-aaaaaa", null, States.Now))
            .ToImmutableList();

        var left = new RecentRecords { Outbox = waiting }.Apply(States.Of("orders").Change() with { Withdrawn = [new Withdrawal("ORDERS", SlotName.Blue)] });

        left.Outbox.Select(call => call.Id).Should().Equal("2-chat-orders", "3-chat-users", "4-chat");
    }

    private StateChange Change(string type) => States.Of("orders").Change().WithEvent(_release, States.Now, type, null);
}
