namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Sources of chance that have nothing to do with each other.</summary>
internal static class Chance
{
    /// <summary>The same for the same seed and purpose. Both are mixed first, for <see cref="Random"/> gives neighbouring seeds, and a seed and its negative, much the same.</summary>
    public static Random Of(int seed, int purpose) => new((int)(Mix(Mix((uint)seed) ^ (uint)purpose) & int.MaxValue));

    /// <summary>Every bit of the value moves every bit of the result (the finalizer of MurmurHash3).</summary>
    public static uint Mix(uint value)
    {
        value += 0x9e3779b9;
        value = (value ^ (value >> 16)) * 0x85ebca6b;
        value = (value ^ (value >> 13)) * 0xc2b2ae35;
        return value ^ (value >> 16);
    }
}
