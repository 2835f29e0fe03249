namespace BlueGreen.ReverseProxy.Observability;

/// <summary>How many responses each client got, clients thrown together into 256 groups by their number.</summary>
internal sealed class ClientCounts
{
    public const int Groups = 256;

    private readonly long[] _counts = new long[Groups];

    public static int GroupOf(int client) => (int)(ClientNumber.Mix(client) % Groups);

    public void Add(int client) => Interlocked.Increment(ref _counts[GroupOf(client)]);

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

    /// <summary>How much more unevenly these responses fall on the clients than all of their traffic does.</summary>
    /// <param name="traffic">All responses of the same time.</param>
    /// <returns>
    /// <c>φ = Σ(cg − k·sg)² / (k·(1 − Σsg²))</c> with cg of k responses in group g, which has the share sg of the traffic: 1 on average
    /// when each response is as likely to be one of these as any other, the mean size of a burst (weighted by size) when they come
    /// in bursts of one client, k when all of them are one client's of many. At least 1; 1 also where there is only one client.
    /// </returns>
    public double DispersionAgainst(ClientCounts traffic)
    {
        Span<double> own = stackalloc double[Groups];
        Span<double> all = stackalloc double[Groups];
        var (sum, total) = (0.0, 0.0);
        for (var index = 0; index < Groups; index++)
        {
            // A response is noted among these before it is among all.
            own[index] = Volatile.Read(ref _counts[index]);
            all[index] = Math.Max(Volatile.Read(ref traffic._counts[index]), own[index]);
            sum += own[index];
            total += all[index];
        }

        return Dispersion(own, all, sum, total);
    }

    private static double Dispersion(ReadOnlySpan<double> own, ReadOnlySpan<double> all, double sum, double total)
    {
        if (sum == 0)
        {
            return 1;
        }

        var (squares, shares) = (0.0, 0.0);
        for (var index = 0; index < Groups; index++)
        {
            var share = all[index] / total;
            squares += Math.Pow(own[index] - (sum * share), 2);
            shares += share * share;
        }

        return shares >= 1 ? 1 : Math.Max(1, squares / (sum * (1 - shares)));
    }
}
