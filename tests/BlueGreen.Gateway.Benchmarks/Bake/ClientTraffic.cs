using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>How many responses each client got. Which clients the good ones went to is made up when it matters: the first are drawn, and of the others each client gets its share.</summary>
internal sealed class ClientTraffic(Population clients)
{
    // By then chance hardly matters.
    private const int Drawn = 2000;

    private readonly ClientCounts _counts = new();
    private readonly double[] _owed = new double[ClientCounts.Groups];
    private int _drawn;
    private long _unknown;

    public void Add(int client) => _counts.Add(client);

    public void AddUnknown(long count) => _unknown += count;

    public ClientCounts Read(Random random)
    {
        for (; _unknown > 0 && _drawn < Drawn; _unknown--, _drawn++)
        {
            _counts.Add(clients.Draw(random));
        }

        if (_unknown > 0)
        {
            var whole = new long[ClientCounts.Groups];
            for (var group = 0; group < whole.Length; group++)
            {
                _owed[group] += _unknown * clients.GroupShares[group];
                whole[group] = (long)_owed[group];
                _owed[group] -= whole[group];
            }

            var shares = new ClientCounts();
            shares.Continue(whole);
            _counts.AddAll(shares);
            _unknown = 0;
        }

        return _counts;
    }
}
