using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What is known of a running release beside its committed state: the monotonic clock, live counts, a store that fails.</summary>
internal sealed class ReleaseProgress
{
    private readonly TaskCompletionSource<StateUnavailableException> _unstorable = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The monotonic time of the switch; null before it.</summary>
    public long? SwitchedAt { get; set; }

    /// <summary>The monotonic time since which somebody's approval is waited for; null before that.</summary>
    public long? AwaitingSince { get; set; }

    /// <summary>What was in flight on the old slots right after the switch.</summary>
    public long StartedWith { get; set; }

    /// <summary>The signals of the old slots at the switch; they count what is cancelled.</summary>
    public IReadOnlyList<DrainSignal> Signals { get; set; } = [];

    public long Aborted => Signals.Sum(signal => signal.Aborted);

    /// <summary>Ends when the switch could not be stored.</summary>
    public Task<StateUnavailableException> Unstorable => _unstorable.Task;

    public void FailToStore(StateUnavailableException exception) => _unstorable.TrySetResult(exception);
}
