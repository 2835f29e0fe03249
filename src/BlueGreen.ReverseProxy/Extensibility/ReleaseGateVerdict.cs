namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>What an <see cref="IReleaseGate"/> has decided.</summary>
public sealed class ReleaseGateVerdict
{
    private ReleaseGateVerdict(bool passed, string? reason)
    {
        Passed = passed;
        Reason = reason;
    }

    /// <summary>Whether the condition holds.</summary>
    public bool Passed { get; }

    /// <summary>What was found, for people. Shown with the gate, as one line of at most 200 characters.</summary>
    public string? Reason { get; }

    /// <summary>The condition holds.</summary>
    /// <param name="reason">What was found, for people.</param>
    public static ReleaseGateVerdict Pass(string? reason = null) => new(passed: true, reason);

    /// <summary>The condition does not hold: nothing is switched.</summary>
    /// <param name="reason">Why, and what to do about it: whoever ordered the release reads this. Never a secret.</param>
    public static ReleaseGateVerdict Refuse(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new(passed: false, reason);
    }
}
