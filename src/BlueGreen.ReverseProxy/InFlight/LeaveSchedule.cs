using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>When the long-lived work of a draining slot is asked to leave, counted from the beginning of the drain.</summary>
/// <param name="Grace">Until then it goes on as before.</param>
/// <param name="Spread">From then on it is asked within this time, evenly.</param>
/// <param name="Patience">How long each may wait for a pause before it leaves.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LeaveSchedule(TimeSpan Grace, TimeSpan Spread, TimeSpan Patience)
{
    // What is left of the drain's time for the last ones to say goodbye.
    private const double Reserve = 0.1;

    private const int Steps = 1000;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestStep = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(250);

    /// <summary>The schedule of a drain: as configured, or shortened in proportion so that everybody is asked before the deadline cuts them off.</summary>
    /// <param name="options">What is configured.</param>
    /// <param name="drain">How long the drain may take.</param>
    public static LeaveSchedule For(LongLivedOptions options, TimeSpan drain)
    {
        var available = drain * (1 - Reserve);
        var wanted = options.Grace + options.Spread;
        var scale = wanted > available ? available / wanted : 1;
        var patience = drain * Reserve;
        return new LeaveSchedule(options.Grace * scale, options.Spread * scale, patience < LongestPatience ? patience : LongestPatience);
    }

    /// <summary>The schedule when it is the gateway itself that goes: there is no slot to stay on, so no grace.</summary>
    public static LeaveSchedule ForStop(LongLivedOptions options, TimeSpan drain) => For(options with { Grace = TimeSpan.Zero }, drain);

    /// <summary>Asks the work to leave, as scheduled, and what comes later at once, until cancelled.</summary>
    /// <param name="work">The long-lived work of the slot.</param>
    /// <param name="begunAt">The monotonic time at which the drain began.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it: whoever has not been asked by then stays.</param>
    public async Task RunAsync(LongLivedWork work, long begunAt, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Patience <= TimeSpan.Zero)
        {
            // The drain has no time at all: what is there is cancelled, and a farewell would only race with that.
            return;
        }

        var rest = Grace - time.GetElapsedTime(begunAt);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        var step = Spread / Steps;
        step = step < ShortestStep ? ShortestStep : step > LongestStep ? LongestStep : step;
        var pace = new LeavePace();
        var before = time.GetElapsedTime(begunAt);
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = time.GetElapsedTime(begunAt);
            work.Leave(pace.Next(work.Count, now - before, Grace + Spread - before), Patience);
            before = now;
            await Task.Delay(step, time, cancellationToken);
        }
    }
}

/// <summary>
/// Divides those that are there among the time that is left. The rate is worked out anew at each step, so it holds for those too
/// that end by themselves or come while it goes on.
/// </summary>
internal sealed class LeavePace
{
    private double _credit;

    /// <summary>How many are to go now.</summary>
    /// <param name="present">How many are there.</param>
    /// <param name="passed">The time since the last step.</param>
    /// <param name="left">The time that was left then.</param>
    public int Next(int present, TimeSpan passed, TimeSpan left)
    {
        if (left <= passed)
        {
            _credit = 0;
            return present;
        }

        _credit += present * (passed / left);
        var whole = (int)_credit;
        _credit -= whole;
        return whole;
    }
}
