using System.Numerics;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>About how many different clients there were, in 128 bytes: one bit for each 1,024th of their numbers.</summary>
internal sealed class ClientSet
{
    private const int Bits = 1024;
    private const int PerWord = 64;

    private readonly ulong[] _words = new ulong[Bits / PerWord];

    /// <summary>Exact for a few, within some 5 % for hundreds (K.-Y. Whang, B. Vander-Zanden, H. Taylor, ACM TODS 15(2), 1990).</summary>
    public int Count
    {
        get
        {
            var set = 0;
            for (var index = 0; index < _words.Length; index++)
            {
                set += BitOperations.PopCount(Volatile.Read(ref _words[index]));
            }

            return (int)Math.Round(-Bits * Math.Log(1 - (Math.Min(set, Bits - 1) / (double)Bits)));
        }
    }

    public void Add(int client)
    {
        var bit = Spread(client);
        ref var word = ref _words[bit / PerWord];
        var mask = 1UL << (int)(bit % PerWord);
        if ((Volatile.Read(ref word) & mask) == 0)
        {
            Interlocked.Or(ref word, mask);
        }
    }

    /// <summary>Adds the clients of another set.</summary>
    public void Add(ClientSet other)
    {
        for (var index = 0; index < _words.Length; index++)
        {
            Interlocked.Or(ref _words[index], Volatile.Read(ref other._words[index]));
        }
    }

    // Fibonacci hashing: numbers that are close to each other fall far apart.
    private static uint Spread(int client) => unchecked((uint)client * 2654435769u) >> 22;
}
