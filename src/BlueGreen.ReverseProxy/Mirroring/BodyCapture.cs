namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>Keeps a body that passes by, up to a limit. One that is longer is not kept at all. Written by one flow at a time.</summary>
/// <param name="limit">In bytes.</param>
internal sealed class BodyCapture(int limit)
{
    private const int FirstBytes = 1024;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>Whether the body was longer than the limit.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Whether the body has come to its end.</summary>
    public bool IsComplete { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Makes room for a body of a known length, once instead of while it grows.</summary>
    public void Expect(long? length)
    {
        if (length is { } expected && expected <= limit && expected > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)expected);
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (IsTooLarge || bytes.IsEmpty)
        {
            return;
        }

        if (bytes.Length > limit - _length)
        {
            IsTooLarge = true;
            (_bytes, _length) = ([], 0);
            return;
        }

        if (bytes.Length > _bytes.Length - _length)
        {
            var wanted = Math.Max(Math.Max(_length + bytes.Length, _bytes.Length * 2), FirstBytes);
            Array.Resize(ref _bytes, Math.Min(wanted, limit));
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Complete() => IsComplete = true;
}
