using System.IO.Hashing;
using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Gives what requests are told apart by, such as their routes, numbers up to 255, and knows what to call each. Thread-safe.</summary>
/// <remarks>
/// A name has the first free place of a few that its hash points to, so that no two share a number as long as there is room. When there is
/// none, as for paths with ids in them, some do, and are judged as one. One service has one of these for both slots; and what a process
/// has counted is stored with names, which the next one restores before it counts.
/// </remarks>
/// <param name="by">What requests are told apart by.</param>
internal sealed class StratumNames(StratifyBy by)
{
    public const int Count = 256;

    private const int Places = 16;
    private const int LongestName = 100;

    private readonly string?[] _names = new string?[Count];
    private readonly bool[] _shared = new bool[Count];

    public StratifyBy By { get; } = by;

    /// <summary>The number of a name.</summary>
    public byte Add(string name)
    {
        name = name.Length > LongestName ? name[..LongestName] : name;
        var first = FirstPlaceOf(name);
        if (Find(name, first) is { } known)
        {
            return known;
        }

        for (var place = 0; place < Places; place++)
        {
            var number = (first + place) % Count;
            if ((Interlocked.CompareExchange(ref _names[number], name, null) ?? name) == name)
            {
                return (byte)number;
            }
        }

        Volatile.Write(ref _shared[first], true);
        return (byte)first;
    }

    /// <summary>A name has the number that it had in the process that has counted it. Call this before requests are counted.</summary>
    public void Restore(int number, string? name)
    {
        if (name is not null && number is >= 0 and < Count)
        {
            Interlocked.CompareExchange(ref _names[number], name, null);
        }
    }

    /// <summary>The name of a number; null as long as there is none.</summary>
    public string? RawNameOf(int number) => Volatile.Read(ref _names[number]);

    /// <summary>What a number is called, for people, such as <c>route orders-pay</c>.</summary>
    public string NameOf(int number)
    {
        var kind = By.Kind == StratifyKind.Header ? By.Header! : By.ToString();
        return RawNameOf(number) is not { } name ? $"{kind} #{number}"
            : Volatile.Read(ref _shared[number]) ? $"several {kind}s, such as {OneLine.Of(name, LongestName)}"
            : $"{kind} {OneLine.Of(name, LongestName)}";
    }

    // A name that was restored may stand behind a place that is free by now.
    private byte? Find(string name, int first)
    {
        for (var place = 0; place < Places; place++)
        {
            var number = (first + place) % Count;
            var known = Volatile.Read(ref _names[number]);
            if (ReferenceEquals(known, name) || known == name)
            {
                return (byte)number;
            }
        }

        return null;
    }

    private static int FirstPlaceOf(string name) => (int)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan())) % Count);
}
