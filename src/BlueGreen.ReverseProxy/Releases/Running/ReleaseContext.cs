using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>What the steps of all releases work with.</summary>
internal sealed class ReleaseContext(CommittedState state, ServiceCatalog services, UntilStored untilStored, TimeProvider time)
{
    /// <summary>Names this process: what it has measured of a release ends with it.</summary>
    public string Process { get; } = StateHistory.New();

    public CommittedState State => state;

    public TimeProvider Time => time;

    public DateTimeOffset Now => time.GetUtcNow();

    public Service Entry(string service) =>
        services.TryGet(service, out var entry) ? entry : throw new InvalidOperationException($"Service {service} is no longer configured.");

    /// <summary>Why nothing can begin for a service that a reload of the configuration removes at this moment, or has removed; null if it doesn't.</summary>
    public Refusal? WhyClosed(string service) => services.IsOpen(service) ? null : Closed(service);

    /// <summary>The same of a service that was looked up before.</summary>
    public Refusal? WhyClosed(Service service) => services.IsOpen(service) ? null : Closed(service.Name);

    private static Refusal Closed(string service) => new(
        ProblemCodes.UnknownService, $"Service {service} is no longer configured, or not with the clusters that it had: the configuration was changed at this moment. Look at it again.");

    public bool IsConfigured(string service) => services.TryGet(service, out _);

    /// <summary>The slots that the services leave, of those for which the release still stands.</summary>
    public IEnumerable<Slot> OldSlots(ReleaseState release) => release.Open.Select(entry => Entry(entry.Name)[entry.From]);

    /// <summary>Waits until the release is no longer where the step has found it: see <see cref="HasChanged(ReleaseState)"/>.</summary>
    public Task ChangedAsync(ReleaseState release, CancellationToken cancellationToken) =>
        state.WaitUntilAsync(current => HasChanged(current, release), cancellationToken);

    /// <summary>Whether the release is no longer where the step has found it: in another status, for other services, with another end, or, while it shifts, with something else to do.</summary>
    public bool HasChanged(ReleaseState release) => HasChanged(state.Current, release);

    private static bool HasChanged(GatewayState current, ReleaseState release) =>
        ReleaseTransitions.Running(current, release.Id) is not { } now
        || now.Status != release.Status
        || now.BakeSeconds != release.BakeSeconds
        || !Equals(now.Shift, release.Shift)
        || (now.Status == ReleaseStatus.Shifting && now.Bake?.Hold != release.Bake?.Hold)
        || !now.Open.Select(entry => entry.Name).SequenceEqual(release.Open.Select(entry => entry.Name));

    /// <summary>Commits a transition of a release that is still in the expected status, however often it takes.</summary>
    public Task CommitAsync(string id, ReleaseStatus expected, Func<StateChange, ReleaseState, StateChange> transition, CancellationToken stopping) =>
        untilStored.CommitAsync(
            committed => ReleaseTransitions.Running(committed.State, id) is { } release && release.Status == expected
                ? new Decision<bool>(transition(committed.Change(), release), true)
                : new Decision<bool>(null, false),
            stopping);

    /// <summary>Decides on a release as long as it runs, however often it takes.</summary>
    public Task<T> DecideAsync<T>(string id, T otherwise, Func<StateChange, ReleaseState, Decision<T>> decide, CancellationToken stopping) =>
        untilStored.CommitAsync(
            committed => ReleaseTransitions.Running(committed.State, id) is { } release ? decide(committed.Change(), release) : new Decision<T>(null, otherwise),
            stopping);

    /// <summary>How long ago the release switched; zero before.</summary>
    public TimeSpan Elapsed(ReleaseProgress progress) => progress.Switch is { } at ? time.GetElapsedTime(at.At) : TimeSpan.Zero;

    /// <summary>What is left of a time that began with the switch.</summary>
    public TimeSpan Left(ReleaseProgress progress, double seconds)
    {
        var left = TimeSpan.FromSeconds(seconds) - Elapsed(progress);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>
    /// The monotonic time of a stored one. The clock of another process can't be read on; the time of day stands in, held to what is
    /// possible: a clock that was set back does not make the time left longer than the whole.
    /// </summary>
    public long Backdated(DateTimeOffset since)
    {
        var elapsed = time.GetUtcNow() - since;
        return time.GetTimestamp() - (long)((elapsed < TimeSpan.Zero ? TimeSpan.Zero : elapsed).TotalSeconds * time.TimestampFrequency);
    }
}
