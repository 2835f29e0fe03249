namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// Failed authentications of the last minute, by client: after so many the answer is no longer 401 but 429, with the time after which
/// the next 401 may be had. Asked only when authentication has failed already, so a valid caller is never kept out, whoever else
/// shares the address.
/// </summary>
/// <remarks>
/// Not System.Threading.RateLimiting: its partitions have no upper bound, and its limiters keep their own clock. Here the memory is
/// bounded by <see cref="MaxClients"/> times <see cref="Allowed"/> time stamps; clients beyond that share one count.
/// </remarks>
internal sealed class FailedAttempts(TimeProvider time, int maxClients = FailedAttempts.MaxClients)
{
    /// <summary>How many failures a client may have within <see cref="Window"/>.</summary>
    public const int Allowed = 10;

    public const int MaxClients = 10_000;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ClientNetwork, Attempts> _clients = [];
    private readonly Attempts _others = new();
    private long? _sweptAt;

    /// <summary>How many clients are remembered.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
            {
                return _clients.Count;
            }
        }
    }

    /// <summary>Takes note of a failure.</summary>
    /// <returns>Null when there may be one more; else how long there may be none.</returns>
    public TimeSpan? Add(ClientNetwork client)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            return Find(client, now).Add(now, time);
        }
    }

    private Attempts Find(ClientNetwork client, long now)
    {
        if (_clients.TryGetValue(client, out var known))
        {
            return known;
        }

        if (_clients.Count >= maxClients && !Sweep(now))
        {
            return _others;
        }

        return _clients[client] = new Attempts();
    }

    // Looks at everybody, so not at every new client of a flood: what is full now is full for at least a second.
    private bool Sweep(long now)
    {
        if (_sweptAt is { } last && time.GetElapsedTime(last, now) < TimeSpan.FromSeconds(1))
        {
            return false;
        }

        _sweptAt = now;
        foreach (var (client, attempts) in _clients)
        {
            if (time.GetElapsedTime(attempts.Newest, now) >= Window)
            {
                _clients.Remove(client);
            }
        }

        return _clients.Count < maxClients;
    }

    // The times of the last failures that were answered 401, as a ring: the window slides, it does not jump.
    private sealed class Attempts
    {
        private readonly long[] _at = new long[Allowed];
        private int _count;

        public long Newest => _at[(_count - 1) % Allowed];

        public TimeSpan? Add(long now, TimeProvider time)
        {
            if (_count >= Allowed && Window - time.GetElapsedTime(_at[_count % Allowed], now) is var left && left > TimeSpan.Zero)
            {
                return left;
            }

            _at[_count % Allowed] = now;

            // Stays within two rounds of the ring: it only has to say where the next one goes, and whether the ring is full.
            _count = _count == (2 * Allowed) - 1 ? Allowed : _count + 1;
            return null;
        }
    }
}
