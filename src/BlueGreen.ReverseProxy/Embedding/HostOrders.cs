using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>Places the orders of the host's code, steps in, and waits.</summary>
internal sealed class HostOrders(
    ReleaseEngine engine, OrderPlacement placement, ReleaseWait waiting, GatewayReadiness readiness, CommittedState state, StatusViews views, HostProblems problems)
{
    /// <summary>Places an order and waits as far as the caller wants.</summary>
    /// <exception cref="BlueGreenProblemException">Refused, or the release has ended before it got that far.</exception>
    public async Task<OrderResult> PlaceAsync(HostCall call, ReleaseOrder order, ReleaseStage? stage, CancellationToken cancellationToken)
    {
        var action = ReleaseOrders.NameOf(order.Kind);
        if (call.Request.IsInvalid(out var invalid))
        {
            throw await problems.RefuseAsync(call, action, order.Services, (ProblemHttpResult)invalid);
        }

        ReleaseState? release = null;
        try
        {
            var outcome = await engine.PlaceAsync(order, cancellationToken);
            if (placement.WhyNot(order, outcome) is { } refused)
            {
                throw await problems.RefuseAsync(call, action, order.Services, refused);
            }

            if (outcome.Unchanged is { } services)
            {
                return new(null, OrderAnswers.NothingToDo(order, services));
            }

            release = outcome.Started ?? outcome.Existing!;
            if (stage is { } wanted && OrderAnswers.StatusOf(order.Kind, release, UntilOf(wanted)) != StatusCodes.Status200OK)
            {
                release = await WaitAsync(release.Id, wanted, cancellationToken);
            }

            return new(Judge(order.Kind, release, stage ?? ReleaseStage.Switched), null);
        }
        catch (StateUnavailableException exception)
        {
            throw HostProblems.Of(exception, release?.Id);
        }
    }

    /// <summary>Steps in: approves, aborts, finishes, pauses or resumes a release.</summary>
    /// <exception cref="BlueGreenProblemException">Refused.</exception>
    public Task<Release> StepInAsync(
        string id, string action, BlueGreenCall call, Func<string, Caller, long?, Task<(ReleaseState? Release, Refusal? Refused)>> take) =>
        StepInAsync(id, action, to: null, call, step => take(step.Release, step.Caller, step.IfMatch));

    /// <summary>Goes on with a shift.</summary>
    /// <exception cref="BlueGreenProblemException">Refused.</exception>
    public Task<Release> PromoteAsync(string id, double? weight, BlueGreenCall call) => StepInAsync(
        id,
        "promote",
        weight?.ToString(CultureInfo.InvariantCulture),
        call,
        step => engine.PromoteAsync(step.Release, step.To, step.Caller, step.IfMatch, step.Key, step.Force));

    private async Task<Release> StepInAsync(
        string id, string action, string? to, BlueGreenCall call, Func<ReleaseStep, Task<(ReleaseState? Release, Refusal? Refused)>> take)
    {
        ArgumentNullException.ThrowIfNull(id);
        var made = HostCall.Of(call, "POST", $"/v1/releases/{id}/{action}", to: to);
        var step = ReleaseStep.Read(made.Request, id, made.Caller, takesWeight: action == "promote");
        if (made.Request.IsInvalid(out var invalid))
        {
            throw await problems.RefuseAsync(made, action, [], (ProblemHttpResult)invalid);
        }

        try
        {
            var (release, refused) = await take(step);
            return refused is null ? views.Of(release!) : throw await problems.RefuseAsync(made, action, [], Problems.Of(refused));
        }
        catch (StateUnavailableException exception)
        {
            throw HostProblems.Of(exception, id);
        }
    }

    /// <summary>Waits for a release that somebody else may have ordered.</summary>
    /// <exception cref="BlueGreenProblemException">There is none, or it has ended before it got there.</exception>
    public async Task<Release> WaitAndJudgeAsync(string id, ReleaseStage stage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (state.Find(id) is null)
        {
            throw HostProblems.Of(Problems.UnknownRelease(id));
        }

        try
        {
            var release = await WaitAsync(id, stage, cancellationToken);
            return Judge(release.Kind, release, stage);
        }
        catch (StateUnavailableException exception)
        {
            throw HostProblems.Of(exception, id);
        }
    }

    private async Task<ReleaseState> WaitAsync(string id, ReleaseStage stage, CancellationToken cancellationToken)
    {
        var release = await waiting.WaitAsync(id, UntilOf(stage), Timeout.InfiniteTimeSpan, lost: default, cancellationToken);
        return !release.Status.IsEnded() && !ReleaseEngine.HasReached(release, UntilOf(stage)) && readiness.Stopping.IsCancellationRequested
            ? throw new OperationCanceledException($"The gateway stops. Release {id} goes on in the next process.")
            : release;
    }

    private Release Judge(ReleaseKind order, ReleaseState release, ReleaseStage stage)
    {
        var view = views.Of(release);
        return OrderAnswers.WhyNot(OrderAnswers.StatusOf(order, release, UntilOf(stage)), view) is { } problem ? throw HostProblems.Of(problem) : view;
    }

    private static WaitUntil UntilOf(ReleaseStage stage) => stage switch
    {
        ReleaseStage.Shifting => WaitUntil.Shifting,
        ReleaseStage.Switched => WaitUntil.Switched,
        ReleaseStage.Drained => WaitUntil.Drained,
        ReleaseStage.Completed => WaitUntil.Completed,
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "There is no such stage."),
    };
}
