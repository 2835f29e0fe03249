namespace BlueGreen.ReverseProxy.Observability;

/// <summary>How many responses each client got, clients thrown together into 256 groups by their number.</summary>
internal sealed class ClientCounts
{
    public const int Groups = 256;

    private readonly long[] _counts = new long[Groups];

    public static int GroupOf(int client) => (int)(ClientNumber.Mix(client) % Groups);

    public void Add(int client) => Interlocked.Increment(ref _counts[GroupOf(client)]);

    /// <summary>A response is no longer among them.</summary>
    public void Remove(int client) => Interlocked.Decrement(ref _counts[GroupOf(client)]);

    /// <summary>Adds what another one has counted.</summary>
    public void AddAll(ClientCounts other)
    {
        for (var index = 0; index < Groups; index++)
        {
            Interlocked.Add(ref _counts[index], Volatile.Read(ref other._counts[index]));
        }
    }

    /// <summary>How many each group has, to be stored.</summary>
    public long[] ToArray()
    {
        var counts = new long[Groups];
        for (var index = 0; index < Groups; index++)
        {
            counts[index] = Volatile.Read(ref _counts[index]);
        }

        return counts;
    }

    /// <summary>Goes on from what was stored. Call this before anything is counted.</summary>
    public void Continue(IReadOnlyList<long>? stored)
    {
        for (var index = 0; index < Math.Min(stored?.Count ?? 0, Groups); index++)
        {
            _counts[index] = Math.Max(0, stored![index]);
        }
    }

    /// <summary>How many groups have any.</summary>
    public int Clients
    {
        get
        {
            var clients = 0;
            for (var index = 0; index < Groups; index++)
            {
                clients += Volatile.Read(ref _counts[index]) > 0 ? 1 : 0;
            }

            return clients;
        }
    }

    /// <summary>
    /// How many clients would send as much if each sent the same: <c>1/Σsg²</c> over the shares of the traffic (the inverse Simpson index,
    /// E. Simpson, Nature 163, 688, 1949).
    /// </summary>
    /// <param name="known">
    /// About how many clients were known before. Each counts as if it had sent one request more, for in the first moments there may be one
    /// client only, where there will be hundreds.
    /// </param>
    public double EffectiveClients(int known)
    {
        var (total, squares) = (0.0, 0.0);
        for (var index = 0; index < Groups; index++)
        {
            double count = Volatile.Read(ref _counts[index]);
            total += count;
            squares += count * count;
        }

        return squares + known == 0 ? 0 : (total + known) * (total + known) / (squares + known);
    }

    /// <summary>How these responses fall on the clients, held against all of their traffic.</summary>
    /// <param name="traffic">All responses of the same time.</param>
    /// <returns>
    /// With <c>φ = Σ(cg − k·sg)² / (k·(1 − Σsg²))</c>, where cg of k responses are in group g, which has the share sg of the traffic: 1 on
    /// average when each response is as likely to be one of these as any other, the mean size of a burst (weighted by size) when they
    /// come in bursts of one client, k when all of them are one client's of many. At least 1; 1 also where there is only one client.
    /// </returns>
    public ClientSpread SpreadAgainst(ClientCounts traffic)
    {
        Span<double> own = stackalloc double[Groups];
        Span<double> all = stackalloc double[Groups];
        var (sum, total) = (0.0, 0.0);
        for (var index = 0; index < Groups; index++)
        {
            // A response is counted among all before it is counted among these, so read in the other order.
            own[index] = Volatile.Read(ref _counts[index]);
            all[index] = Math.Max(Volatile.Read(ref traffic._counts[index]), own[index]);
            sum += own[index];
            total += all[index];
        }

        return sum == 0 ? new ClientSpread(0, 1) : Spread(own, all, sum, total);
    }

    private static ClientSpread Spread(ReadOnlySpan<double> own, ReadOnlySpan<double> all, double sum, double total)
    {
        var (squares, shares, clients, most, among) = (0.0, 0.0, 0, 0, 0.0);
        for (var index = 0; index < Groups; index++)
        {
            var share = all[index] / total;
            squares += Math.Pow(own[index] - (sum * share), 2);
            shares += share * share;
            if (own[index] > 0)
            {
                clients++;
                among += share;
                most = own[index] > own[most] ? index : most;
            }
        }

        var dispersion = shares >= 1 ? 1 : Math.Max(1, squares / (sum * (1 - shares)));
        return new ClientSpread(clients, dispersion, (long)own[most], all[most] / total, among);
    }
}
