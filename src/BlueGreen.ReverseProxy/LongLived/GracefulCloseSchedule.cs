using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>When the long-lived connections of a draining slot are asked to close, counted from the beginning of the drain.</summary>
/// <param name="Grace">How long they go on as before.</param>
/// <param name="Spread">The time after that within which all of them are asked, evenly.</param>
/// <param name="Patience">How long each may wait for a pause before it closes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct GracefulCloseSchedule(TimeSpan Grace, TimeSpan Spread, TimeSpan Patience)
{
    // The part of the drain's time that is kept for the last closing handshakes.
    private const double Reserve = 0.1;

    private const int Steps = 1000;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestStep = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(250);

    /// <summary>The schedule of a drain: as configured, or shortened in proportion, so that all connections are asked before the deadline cuts them off.</summary>
    /// <param name="options">What is configured.</param>
    /// <param name="drain">How long the drain may take.</param>
    public static GracefulCloseSchedule For(LongLivedOptions options, TimeSpan drain)
    {
        var available = drain * (1 - Reserve);
        var wanted = options.Grace + options.Spread;
        var scale = wanted > available ? available / wanted : 1;
        var patience = drain * Reserve;
        return new GracefulCloseSchedule(options.Grace * scale, options.Spread * scale, patience < LongestPatience ? patience : LongestPatience);
    }

    /// <summary>The schedule when the gateway itself stops: nothing is gained by staying, so there is no grace.</summary>
    public static GracefulCloseSchedule ForStop(LongLivedOptions options, TimeSpan drain) => For(options with { Grace = TimeSpan.Zero }, drain);

    /// <summary>Asks the connections to close as scheduled, and those that come later at once, until cancelled.</summary>
    /// <param name="connections">The long-lived connections of the slot.</param>
    /// <param name="begunAt">The monotonic time at which the drain began.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it; connections that were not asked by then stay open.</param>
    public async Task RunAsync(LongLivedConnections connections, long begunAt, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Patience <= TimeSpan.Zero)
        {
            // The drain has no time at all: the connections are cancelled, and a closing handshake would only race with that.
            return;
        }

        var rest = Grace - time.GetElapsedTime(begunAt);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        var step = Spread / Steps;
        step = step < ShortestStep ? ShortestStep : step > LongestStep ? LongestStep : step;
        var pace = new GracefulClosePace();
        var before = time.GetElapsedTime(begunAt);
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = time.GetElapsedTime(begunAt);
            connections.RequestClose(pace.Next(connections.Count, now - before, Grace + Spread - before), Patience);
            before = now;
            await Task.Delay(step, time, cancellationToken);
        }
    }
}

/// <summary>
/// Spreads the open connections evenly over the time that is left. Each step computes the rate anew, so connections that end on their
/// own or open meanwhile are taken into account.
/// </summary>
internal sealed class GracefulClosePace
{
    private double _credit;

    /// <summary>How many connections to close now.</summary>
    /// <param name="present">How many are open.</param>
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
