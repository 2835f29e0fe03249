using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Clients with their shares of the traffic; one is drawn in constant time (A. Walker's alias method, ACM TOMS 3(3), 1977).</summary>
internal sealed class Population
{
    private readonly double[] _keep;
    private readonly int[] _alias;

    private Population(IReadOnlyCollection<double> weights)
    {
        var sum = weights.Sum();
        Shares = [.. weights.Select(weight => weight / sum)];
        var groups = new double[ClientCounts.Groups];
        for (var client = 0; client < Shares.Count; client++)
        {
            groups[ClientCounts.GroupOf(client)] += Shares[client];
        }

        GroupShares = groups;
        _keep = [.. Shares.Select(share => share * Shares.Count)];
        _alias = new int[Shares.Count];
        var small = new Stack<int>(Enumerable.Range(0, Shares.Count).Where(index => _keep[index] < 1));
        var large = new Stack<int>(Enumerable.Range(0, Shares.Count).Where(index => _keep[index] >= 1));
        while (small.Count > 0 && large.Count > 0)
        {
            var (less, more) = (small.Pop(), large.Pop());
            _alias[less] = more;
            _keep[more] -= 1 - _keep[less];
            (_keep[more] < 1 ? small : large).Push(more);
        }

        // What rounding has left over is next to 1.
        foreach (var left in small.Concat(large))
        {
            _keep[left] = 1;
        }
    }

    /// <summary>A thousand clients, the n-th with a share of 1/n (Zipf's law): the first has an eighth of the traffic.</summary>
    public static Population Thousand { get; } = new([.. Enumerable.Range(1, 1000).Select(rank => 1.0 / rank)]);

    /// <summary>One address with all of the traffic but one request in a thousand, which comes from a monitor.</summary>
    public static Population Dominant { get; } = new([0.999, 0.001]);

    public IReadOnlyList<double> Shares { get; }

    /// <summary>The shares of the groups that the gateway throws clients into.</summary>
    public IReadOnlyList<double> GroupShares { get; }

    /// <summary>How many clients would send as much if each sent the same.</summary>
    public double Effective => 1 / Shares.Sum(share => share * share);

    /// <summary>The nodes of a load balancer in front of the gateway, which stand for all clients.</summary>
    public static Population Nodes(int count) => new([.. Enumerable.Repeat(1.0, count)]);

    public int Draw(Random random)
    {
        var index = random.Next(Shares.Count);
        return random.NextDouble() < _keep[index] ? index : _alias[index];
    }
}
