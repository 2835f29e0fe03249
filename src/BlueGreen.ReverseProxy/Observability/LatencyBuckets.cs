using System.Numerics;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>The buckets of a latency histogram: 16 an octave, so none is wider than 1/16 of its lower end.</summary>
internal static class LatencyBuckets
{
    /// <summary>How many there are. The last one holds everything from some 4 minutes on.</summary>
    public const int Count = Linear + (Octaves * PerOctave);

    private const int Linear = 32;
    private const int PerOctave = 16;
    private const int FirstExponent = 5;
    private const int Octaves = 23;

    /// <summary>The bucket of a latency in microseconds.</summary>
    public static int Of(long microseconds)
    {
        if (microseconds < Linear)
        {
            return microseconds < 0 ? 0 : (int)microseconds;
        }

        var exponent = BitOperations.Log2((ulong)microseconds);
        var sub = (int)(microseconds >> (exponent - 4)) & (PerOctave - 1);
        return Math.Min(Linear + ((exponent - FirstExponent) * PerOctave) + sub, Count - 1);
    }

    /// <summary>The first latency, in microseconds, that lies above the bucket.</summary>
    public static long UpperEnd(int bucket)
    {
        if (bucket < Linear)
        {
            return bucket + 1;
        }

        var exponent = FirstExponent + ((bucket - Linear) / PerOctave);
        return (long)(PerOctave + ((bucket - Linear) % PerOctave) + 1) << (exponent - 4);
    }
}
