using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>
/// The gateway from code of the host that it runs in: the calls of the admin API without HTTP, with the same rules, audit and
/// idempotency. Take it from the host's services.
/// </summary>
/// <remarks>
/// It can be used as soon as the pipeline is mapped, and for orders once the host has started. All members may be called from any thread.
/// Whoever can call them may do everything that a token with the role <c>operator</c> may: give no request of a client a way to it that
/// has not been checked.
/// </remarks>
public interface IBlueGreen
{
    /// <summary>The status of every service, by name.</summary>
    public IReadOnlyList<ServiceStatus> GetServices();

    /// <summary>The status of one service; null if there is none of this name.</summary>
    /// <param name="service">The service's name.</param>
    public ServiceStatus? FindService(string service);

    /// <summary>The newest releases, newest first.</summary>
    /// <param name="service">Only of this service; null for all.</param>
    /// <param name="limit">How many at the most; at least 1.</param>
    public IReadOnlyList<Release> GetReleases(string? service = null, int limit = 20);

    /// <summary>A release, running or ended; null if there is none of this id, or none any more.</summary>
    /// <param name="id">The release's id.</param>
    public Release? FindRelease(string id);

    /// <summary>What would happen to a cutover now. Probes the slot, asks the host's gates, and changes nothing.</summary>
    /// <param name="service">The service.</param>
    /// <param name="to">The slot; null for the standby.</param>
    /// <param name="expectVersion">The version that every destination must report; null for none in particular.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="BlueGreenProblemException">Not possible; the problem says why.</exception>
    public Task<Preflight> PreflightAsync(string service, SlotName? to = null, string? expectVersion = null, CancellationToken cancellationToken = default);

    /// <summary>Puts a new deployment into a slot. Returns once requests can go there.</summary>
    /// <param name="service">The service.</param>
    /// <param name="slot">The slot, usually the standby.</param>
    /// <param name="request">What is deployed.</param>
    /// <param name="call">Who asks, and under which conditions.</param>
    /// <param name="cancellationToken">Ends the wait for earlier changes; what is being stored is stored.</param>
    /// <exception cref="BlueGreenProblemException">Not done; the problem says why, and nothing has changed.</exception>
    public Task<ServiceStatus> DeployAsync(string service, SlotName slot, DeployRequest request, BlueGreenCall call, CancellationToken cancellationToken = default);

    /// <summary>Starts a release of one service: verifies the new slot, switches, drains, bakes.</summary>
    /// <param name="service">The service.</param>
    /// <param name="request">What is wanted; <c>new()</c> for the standby with the configured times.</param>
    /// <param name="call">Who asks, under which conditions, and how far to wait.</param>
    /// <param name="cancellationToken">Ends the wait. A release that was accepted goes on.</param>
    /// <exception cref="BlueGreenProblemException">
    /// Refused, or the release ended before it got as far as was waited for: <c>gate-failed</c> and <c>release-ended</c> have it in
    /// <see cref="Problem.Release"/>.
    /// </exception>
    public Task<OrderResult> CutoverAsync(string service, CutoverRequest request, BlueGreenCall call, CancellationToken cancellationToken = default);

    /// <summary>Starts one release of several services: all of them switch in one step, or none.</summary>
    /// <inheritdoc cref="CutoverAsync(string, CutoverRequest, BlueGreenCall, CancellationToken)"/>
    public Task<OrderResult> CutoverAsync(GroupCutoverRequest request, BlueGreenCall call, CancellationToken cancellationToken = default);

    /// <summary>Switches a service back to the slot that was active before. Repeating it changes nothing.</summary>
    /// <inheritdoc cref="CutoverAsync(string, CutoverRequest, BlueGreenCall, CancellationToken)"/>
    public Task<OrderResult> RollbackAsync(string service, RollbackRequest request, BlueGreenCall call, CancellationToken cancellationToken = default);

    /// <summary>Takes a release back, with all of its services in one step.</summary>
    /// <inheritdoc cref="CutoverAsync(string, CutoverRequest, BlueGreenCall, CancellationToken)"/>
    public Task<OrderResult> RollbackAsync(GroupRollbackRequest request, BlueGreenCall call, CancellationToken cancellationToken = default);

    /// <summary>Lets a release that waits for approval go on. Not by the actor who has ordered it.</summary>
    /// <param name="release">The release's id.</param>
    /// <param name="call">Who asks.</param>
    /// <exception cref="BlueGreenProblemException">Not done; the problem says why.</exception>
    public Task<Release> ApproveAsync(string release, BlueGreenCall call);

    /// <summary>Ends a release before its switch; a shift is taken back.</summary>
    /// <inheritdoc cref="ApproveAsync(string, BlueGreenCall)"/>
    public Task<Release> AbortAsync(string release, BlueGreenCall call);

    /// <summary>Goes on to the next step of a shift now, or to a weight. Without a weight each call is one step: give a call that may be repeated an idempotency key.</summary>
    /// <param name="release">The release's id.</param>
    /// <param name="weight">The share of the traffic in percent (0.01 to 100, at most two decimals); null for the next step. 100 switches.</param>
    /// <param name="call">Who asks.</param>
    /// <exception cref="BlueGreenProblemException">Not done; the problem says why.</exception>
    public Task<Release> PromoteAsync(string release, double? weight, BlueGreenCall call);

    /// <summary>Keeps a shift at its weight until it is resumed.</summary>
    /// <inheritdoc cref="ApproveAsync(string, BlueGreenCall)"/>
    public Task<Release> PauseAsync(string release, BlueGreenCall call);

    /// <summary>Lets a shift go on that was paused, or that waits for somebody because of what was found.</summary>
    /// <inheritdoc cref="ApproveAsync(string, BlueGreenCall)"/>
    public Task<Release> ResumeAsync(string release, BlueGreenCall call);

    /// <summary>Ends the bake early, as a success.</summary>
    /// <inheritdoc cref="ApproveAsync(string, BlueGreenCall)"/>
    public Task<Release> FinishAsync(string release, BlueGreenCall call);

    /// <summary>Waits until a release has got somewhere.</summary>
    /// <param name="release">The release's id.</param>
    /// <param name="until">How far.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The release as it is then.</returns>
    /// <exception cref="BlueGreenProblemException">
    /// It has ended and did not get there (<c>gate-failed</c>, <c>release-ended</c>), or there is none of this id.
    /// </exception>
    /// <exception cref="OperationCanceledException">The wait was ended, or the gateway stops; the release goes on.</exception>
    public Task<Release> WaitAsync(string release, ReleaseStage until, CancellationToken cancellationToken = default);
}
