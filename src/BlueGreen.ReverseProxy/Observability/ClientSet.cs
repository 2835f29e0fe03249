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

    private static uint Spread(int client) => ClientNumber.Mix(client) % Bits;
}

/// <summary>What stands for a client's address, see <see cref="ClientNumbers"/>.</summary>
internal static class ClientNumber
{
    /// <summary>Every bit of the number moves every bit of the result (the finalizer of MurmurHash3), so that any of them can be used.</summary>
    public static uint Mix(int client)
    {
        var mixed = unchecked((uint)client);
        mixed = unchecked((mixed ^ (mixed >> 16)) * 0x85ebca6b);
        mixed = unchecked((mixed ^ (mixed >> 13)) * 0xc2b2ae35);
        return mixed ^ (mixed >> 16);
    }
}
