using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>What this process knows of a running release beside its committed state: the monotonic clock, live counts, a store that fails.</summary>
internal sealed class ReleaseProgress
{
    private readonly TaskCompletionSource<StateUnavailableException> _unstorable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableList<GateResult> _judged = [];
    private SwitchClock? _switch;
    private SwitchClock? _drain;
    private ReleaseMonitor? _bake;
    private ShiftClock? _step;
    private string? _waitingFor;
    private long _spentBefore;

    /// <summary>The verdicts of the verification that is under way, as they are reached.</summary>
    public ImmutableList<GateResult> Judged => Volatile.Read(ref _judged);

    /// <summary>The switch; null before it. One reference, so that nobody sees half of it.</summary>
    public SwitchClock? Switch
    {
        get => Volatile.Read(ref _switch);
        set => Volatile.Write(ref _switch, value);
    }

    /// <summary>The time since which the old slots drain, where that is not the switch: see <see cref="ReleaseState.LeftAt"/>. Null otherwise.</summary>
    public SwitchClock? Drain
    {
        get => Volatile.Read(ref _drain);
        set => Volatile.Write(ref _drain, value);
    }

    /// <summary>The drain that is under way, or the last one.</summary>
    public SwitchClock? LastExit => Drain ?? Switch;

    /// <summary>What was cancelled at the deadlines of all drains. The slot keeps its signal if it serves again before its deadline.</summary>
    public long Aborted => new[] { Switch, Drain }.OfType<SwitchClock>().SelectMany(clock => clock.Exits).Select(exit => exit.Signal).Distinct().Sum(signal => signal.Aborted);

    /// <summary>The <see cref="ReleaseState.LeftAt"/> of <see cref="Drain"/>.</summary>
    public DateTimeOffset? LeftAt { get; set; }

    /// <summary>The monotonic time since which somebody's approval is waited for; null before that.</summary>
    public long? AwaitingSince { get; set; }

    /// <summary>The monitor of the new slots; null before the switch, and where nothing is watched.</summary>
    public ReleaseMonitor? Bake
    {
        get => Volatile.Read(ref _bake);
        set => Volatile.Write(ref _bake, value);
    }

    /// <summary>How long the step of a shift that is under way has lasted; null while none counts.</summary>
    public ShiftClock? Step
    {
        get => Volatile.Read(ref _step);
        set => Volatile.Write(ref _step, value);
    }

    /// <summary>What the next step of a shift waits for beside its time, for people; null for nothing.</summary>
    public string? WaitingFor
    {
        get => Volatile.Read(ref _waitingFor);
        set => Volatile.Write(ref _waitingFor, value);
    }

    /// <summary>The weight that this process has seen last, in hundredths of a percent.</summary>
    public int Weight { get; set; }

    /// <summary>Whether this process has shifted the release's traffic.</summary>
    public bool HasShifted { get; set; }

    /// <summary>What earlier processes have spent of a shift's budget.</summary>
    public long SpentBefore
    {
        get => Volatile.Read(ref _spentBefore);
        set => Volatile.Write(ref _spentBefore, value);
    }

    /// <summary>The bad responses that a shift has cost a service's clients so far, by all processes that have run it. It never becomes less.</summary>
    public long SpentOf(ShiftState shift, SplitWatch watch) => Math.Max(SpentBefore + watch.ExcessBad, shift.Spent);

    /// <summary>Ends when the switch could not be stored.</summary>
    public Task<StateUnavailableException> Unstorable => _unstorable.Task;

    /// <summary>A verification begins, the first one or the one after the approval.</summary>
    public void BeginJudging() => Volatile.Write(ref _judged, []);

    /// <summary>Adds a verdict. The services of a group are verified at once, so several come at the same time.</summary>
    public void Judge(GateResult gate) => ImmutableInterlocked.Update(ref _judged, (judged, added) => judged.Add(added), gate);

    public void FailToStore(StateUnavailableException exception) => _unstorable.TrySetResult(exception);
}
