using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>Asks the gates of the host's own. Whatever they do, only a verdict in time lets a release pass.</summary>
internal sealed partial class HostGates
{
    private const int MaxReasonLength = 200;

    private readonly TimeProvider _time;
    private readonly ILogger<HostGates> _logger;

    // Not made with this class: a gate may itself ask for something that needs the gates.
    private readonly Lazy<ImmutableArray<HostGate>> _gates;

    public HostGates(IServiceProvider provider, IEnumerable<HostGateRegistration> registrations, TimeProvider time, ILogger<HostGates> logger)
    {
        _time = time;
        _logger = logger;
        _gates = new(() => WithoutDoubles([.. registrations.Select(registration => HostGate.Of(registration, provider))]));
    }

    /// <summary>All of them, in the order of their registration.</summary>
    /// <exception cref="InvalidOperationException">A name is not allowed, or there twice.</exception>
    public ImmutableArray<HostGate> All => _gates.Value;

    public IEnumerable<GateResult> Name(ReleaseKind kind, string service, GateStatus status, string detail) =>
        For(kind).Select(gate => gate.Result(service, status, detail));

    /// <summary>Asks each of them about one service.</summary>
    /// <param name="plan">What was asked for.</param>
    /// <param name="target">The service and its slots.</param>
    /// <param name="monitor">Where the destinations are known.</param>
    /// <param name="judged">Told of each verdict when it is reached; null for nobody.</param>
    /// <param name="cancellationToken">Ends the evaluation.</param>
    public async Task<ImmutableList<GateResult>> EvaluateAsync(
        GatePlan plan, GateTarget target, HealthMonitor monitor, Action<GateResult>? judged, CancellationToken cancellationToken)
    {
        var gates = ImmutableList<GateResult>.Empty;
        foreach (var gate in For(plan.Kind))
        {
            var context = new ReleaseGateContext
            {
                Service = target.Service.Name,
                Kind = plan.Kind,
                From = target.From.Name,
                To = target.To.Name,
                FromVersion = target.From.Version,
                ToVersion = target.To.Version,
                Destinations = [.. monitor.ProbersOf(target.To).Select(prober => prober.Address)],
                ExpectVersion = plan.ExpectVersion,
                Release = plan.Order?.Release,
                Actor = plan.Order?.Actor,
                Reason = plan.Order?.Reason,
            };
            var result = await AskAsync(gate, context, cancellationToken);
            judged?.Invoke(result);
            gates = gates.Add(result);
        }

        return gates;
    }

    /// <summary>Asks one gate.</summary>
    public async Task<GateResult> AskAsync(HostGate gate, ReleaseGateContext context, CancellationToken cancellationToken)
    {
        var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // On a thread of its own, so that a gate that blocks before its first await is given up like any other.
        var evaluation = Task.Run(() => gate.Gate.EvaluateAsync(context, over.Token), CancellationToken.None);
        try
        {
            var verdict = await evaluation.WaitAsync(gate.Timeout, _time, cancellationToken);

            // A gate that is told to end may answer before this wait hears of it, and what it says then is no verdict.
            cancellationToken.ThrowIfCancellationRequested();
            return verdict is null
                ? gate.Result(context.Service, GateStatus.Failed, "gave no verdict")
                : gate.Result(context.Service, verdict.Passed ? GateStatus.Passed : GateStatus.Failed, verdict.Reason is { } reason ? OneLine.Of(reason, MaxReasonLength) : null);
        }
        catch (TimeoutException) when (!evaluation.IsCompleted)
        {
            LogTimedOut(_logger, gate.Name, context.Service, gate.Timeout.TotalSeconds);
            return gate.Result(context.Service, GateStatus.Failed, $"no verdict within {gate.Timeout.TotalSeconds:0.###} s");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever a gate throws is a refusal, never a pass.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(_logger, exception, gate.Name, context.Service);
            return gate.Result(context.Service, GateStatus.Failed, $"has failed ({exception.GetType().Name}); the gateway's log says why");
        }
        finally
        {
            _ = EndAsync(evaluation, over, gate.Name, context.Service);
        }
    }

    // Nobody waits for what a gate does after it was given up; what it throws is logged, unless it ends as it was told to.
    private async Task EndAsync(Task evaluation, CancellationTokenSource over, string gate, string service)
    {
        var isLate = !evaluation.IsCompleted;
        try
        {
            await over.CancelAsync();
            await evaluation;
        }
        catch (OperationCanceledException)
        {
            // As it was told to.
        }
#pragma warning disable CA1031 // The last resort of a task that nobody awaits.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (isLate)
            {
                LogFailedLate(_logger, exception, gate, service);
            }
        }
        finally
        {
            over.Dispose();
        }
    }

    private static ImmutableArray<HostGate> WithoutDoubles(ImmutableArray<HostGate> gates)
    {
        var doubled = gates.GroupBy(gate => gate.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1);
        return doubled is null
            ? gates
            : throw new InvalidOperationException($"Several gates have the name {doubled.Key}: {string.Join(", ", doubled.Select(gate => gate.Gate.GetType()))}. Give each its own.");
    }

    private IEnumerable<HostGate> For(ReleaseKind kind) => All.Where(gate => gate.Gate.AppliesTo(kind));

    [LoggerMessage(4401, LogLevel.Error, "{Gate} of {Service} has failed, which refuses the release.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string gate, string service);

    [LoggerMessage(4402, LogLevel.Error, "{Gate} of {Service} gave no verdict within {Seconds} s, which refuses the release.")]
    private static partial void LogTimedOut(ILogger logger, string gate, string service, double seconds);

    [LoggerMessage(4403, LogLevel.Warning, "{Gate} of {Service} failed after nobody waited for it any more.")]
    private static partial void LogFailedLate(ILogger logger, Exception exception, string gate, string service);
}
