namespace BlueGreen.ReverseProxy.Listening;

/// <summary>
/// The file descriptors that proxied traffic may have: one for each connection of a client and one for each to a destination. The others
/// are for what keeps the gateway alive while it refuses: accepting, the state, the log, administration and probes.
/// </summary>
/// <remarks>Without it the process has none left under load, and the runtime ends it at the first one that it needs itself.</remarks>
internal sealed class DescriptorBudget
{
    private long _total = long.MaxValue;
    private long _taken;

    /// <summary>How many there are.</summary>
    public long Total
    {
        get => Volatile.Read(ref _total);
        set => Volatile.Write(ref _total, value);
    }

    /// <summary>How many connections of clients fit: each may need one to a destination.</summary>
    public long Connections => Total == long.MaxValue ? Total : Total / 2;

    /// <summary>Takes one, to be given back when the connection is closed.</summary>
    /// <returns>False when there is none left; then there is nothing to give back.</returns>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Total)
        {
            return true;
        }

        GiveBack();
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _taken);
}
