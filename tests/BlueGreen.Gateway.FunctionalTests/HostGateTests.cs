using System.Collections.Concurrent;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Extensibility;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A gate of the host's own, as operators see it.</summary>
public sealed class HostGateTests
{
    [Fact]
    public async Task Gate_ThatRefuses_IsShownLikeTheOthersAndNothingIsSwitched()
    {
        await using var gateway = await StartAsync();
        var gate = gateway.Get<TestGate>();
        gate.Verdict = _ => ReleaseGateVerdict.Refuse("ticket 17 is open");

        var preflight = await gateway.BlueGreen.PreflightAsync("orders");
        preflight.Passed.Should().BeFalse();
        preflight.Gates.Should().ContainEquivalentOf(new Gate("gate:tickets", "orders", GateStatus.Failed, "ticket 17 is open"));
        var answer = await gateway.Admin.CutoverAsync(new { reason = "2.0.0" });
        answer.Code.Should().Be(ProblemCodes.GateFailed, answer.Body);
        answer.Detail.Should().Contain("gate:tickets of orders: ticket 17 is open");
        answer.Json.GetProperty("release").GetProperty("events").EnumerateArray().Select(entry => entry.GetProperty("type").GetString()).Should().Contain("gateFailed");
        (await gateway.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);

        // What it was asked, in the preflight and at the cutover.
        var (asked, ordered) = (gate.Asked.First(), gate.Asked.Last());
        asked.IsPreflight.Should().BeTrue();
        ordered.Should().BeEquivalentTo(new ReleaseGateContext
        {
            Service = "orders",
            Kind = ReleaseKind.Cutover,
            From = SlotName.Blue,
            To = SlotName.Green,
            FromVersion = "1.0.0",
            ToVersion = "2.0.0",
            Destinations = [gateway.Green.Address],
            Release = answer.Json.GetProperty("releaseId").GetString(),
            Actor = "anonymous",
            Reason = "2.0.0",
        });

        gate.Verdict = _ => ReleaseGateVerdict.Pass();
        (await gateway.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task Gate_OfAForcedRelease_IsNotAskedAndStandsAsSkipped()
    {
        await using var gateway = await StartAsync();
        gateway.Get<TestGate>().Verdict = _ => ReleaseGateVerdict.Refuse("never");

        var release = (await gateway.Admin.CutoverAsync(new { force = true })).Release;

        release.Gates.Should().ContainEquivalentOf(new Gate("gate:tickets", "orders", GateStatus.Skipped, "forced"));
        gateway.Get<TestGate>().Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Gate_AfterOneThatHasFailed_IsNotAsked()
    {
        await using var gateway = await StartAsync();

        var answer = await gateway.Admin.CutoverAsync(new { expectVersion = "3.0.0" });

        answer.Code.Should().Be(ProblemCodes.GateFailed);
        answer.Body.Should().Contain("not judged: a gate before it has failed");
        gateway.Get<TestGate>().Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Gate_ThatThrows_RefusesTheReleaseAndTheLogSaysWhy()
    {
        await using var gateway = await StartAsync();
        gateway.Get<TestGate>().Verdict = _ => throw new InvalidOperationException("the ticket system is gone");

        var answer = await gateway.Admin.CutoverAsync();

        answer.Code.Should().Be(ProblemCodes.GateFailed);
        answer.Detail.Should().Contain("gate:tickets of orders: has failed (InvalidOperationException)").And.NotContain("ticket system");
        gateway.Output.Should().Contain("the ticket system is gone");
        (await gateway.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Gate_WithoutAVerdictInTime_RefusesTheRelease()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(proxy => proxy.AddReleaseGate<SilentGate>(TimeSpan.FromMilliseconds(100)));

        var answer = await gateway.Admin.CutoverAsync();

        answer.Code.Should().Be(ProblemCodes.GateFailed);
        answer.Detail.Should().Contain("gate:silent of orders: no verdict within 0.1 s");
    }

    [Fact]
    public async Task Rollback_AsksOnlyTheGateThatWantsToBeAsked()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(proxy => proxy.AddReleaseGate<TestGate>().AddReleaseGate<RollbackGate>());
        (await gateway.Admin.CutoverAsync()).Status.Should().Be(200);
        gateway.Get<TestGate>().Verdict = _ => ReleaseGateVerdict.Refuse("never");

        var refused = await gateway.Admin.RollbackAsync();
        gateway.Get<RollbackGate>().Allows = true;
        var rollback = await gateway.Admin.RollbackAsync();

        refused.Detail.Should().Contain("gate:way-back of orders: ask first").And.NotContain("tickets");
        rollback.Status.Should().Be(200, rollback.Body);
        rollback.Release.Gates.Select(gate => gate.Name).Should().Equal("deepHealth", "gate:way-back");
    }

    [Fact]
    public async Task Gate_OfARelease_IsAskedForEachServiceAndAgainAfterTheApproval()
    {
        await using var gateway = await StartAsync(configuration => Fleet.AddService(configuration, "billing"));
        var answer = await gateway.Admin.PostAsync("/v1/cutover", new { services = new[] { "orders", "billing" }, requireApproval = true });
        var id = answer.Release.Id;
        await gateway.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        gateway.Get<TestGate>().Asked.Select(context => context.Service).Should().BeEquivalentTo("orders", "billing");

        await gateway.BlueGreen.ApproveAsync(id, new BlueGreenCall("boss"));
        await gateway.BlueGreen.WaitAsync(id, ReleaseStage.Switched);

        gateway.Get<TestGate>().Asked.Select(context => context.Service).Should().BeEquivalentTo("orders", "billing", "orders", "billing");
    }

    // Made by a gate that needs the gateway, which needs its gates.
    [Fact]
    public async Task Gate_ThatAsksTheGateway_IsMade()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(proxy => proxy.AddReleaseGate<CuriousGate>());

        var release = (await gateway.Admin.CutoverAsync()).Release;

        release.Gates.Should().Contain(gate => gate.Name == "gate:curious" && gate.Detail == "Blue was active");
    }

    private static Task<EmbeddedGateway> StartAsync(Action<System.Text.Json.Nodes.JsonNode>? configure = null) =>
        EmbeddedGateway.StartAsync(proxy => proxy.AddReleaseGate<TestGate>(), configure);

    private sealed class TestGate : IReleaseGate
    {
        public string Name => "tickets";

        public Func<ReleaseGateContext, ReleaseGateVerdict> Verdict { get; set; } = _ => ReleaseGateVerdict.Pass("no ticket is open");

        public ConcurrentQueue<ReleaseGateContext> Asked { get; } = new();

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken)
        {
            Asked.Enqueue(context);
            return Task.FromResult(Verdict(context));
        }
    }

    private sealed class SilentGate : IReleaseGate
    {
        public string Name => "silent";

        public async Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ReleaseGateVerdict.Pass();
        }
    }

    private sealed class RollbackGate : IReleaseGate
    {
        public string Name => "way-back";

        public bool Allows { get; set; }

        public bool AppliesTo(ReleaseKind kind) => kind == ReleaseKind.Rollback;

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken) =>
            Task.FromResult(Allows ? ReleaseGateVerdict.Pass() : ReleaseGateVerdict.Refuse("ask first"));
    }

    private sealed class CuriousGate(IBlueGreen blueGreen) : IReleaseGate
    {
        public string Name => "curious";

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken) =>
            Task.FromResult(ReleaseGateVerdict.Pass($"{blueGreen.FindService(context.Service)!.Active} was active"));
    }
}
