using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>
/// A gate of the host's own: one condition that must hold before a service is switched. Register it with <c>AddReleaseGate</c>.
/// It is shown as <c>gate:{Name}</c> wherever gates are: in a preflight, in a release, in the refusal of a cutover.
/// </summary>
/// <remarks>
/// <para>
/// It is asked after every built-in gate has passed and before the <c>preSwitch</c> hooks are called; once for each service of the
/// release, and again after an approval. Several gates of the host are asked in the order of their registration, all of them, so that a
/// refusal names everything that is in the way. <c>"force": true</c> skips it, as it skips every gate.
/// </para>
/// <para>
/// A preflight asks too, so evaluating a gate must change nothing. There is one instance per process; calls come from any thread, and
/// several at a time: for the services of one release, and for a preflight beside it.
/// </para>
/// <para>
/// Only a verdict lets a release pass. An exception, no verdict within the gate's time limit, and null refuse it, with a reason that
/// says so. The exception itself stands in the gateway's log alone.
/// </para>
/// </remarks>
public interface IReleaseGate
{
    /// <summary>
    /// The gate's name: 1 to 64 of <c>A-Z a-z 0-9 - _ .</c>, different from the other gates of the host. Read once, when the host starts.
    /// </summary>
    public string Name { get; }

    /// <summary>Whether the gate is asked for releases of this kind. By default for cutovers alone: a way back must not be blocked.</summary>
    /// <param name="kind">The kind. The rollback that a failed bake orders is one like any other.</param>
    public bool AppliesTo(ReleaseKind kind) => kind == ReleaseKind.Cutover;

    /// <summary>Judges one service of a release.</summary>
    /// <param name="context">What is to be switched.</param>
    /// <param name="cancellationToken">
    /// Raised when the time limit has passed, when the release was aborted, and when the gateway stops. A gate that ignores it is no longer
    /// waited for, and runs on beside the next question.
    /// </param>
    /// <returns>The verdict.</returns>
    public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken);
}
