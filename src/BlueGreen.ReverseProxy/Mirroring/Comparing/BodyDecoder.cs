using System.IO.Compression;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>Undoes the content coding of a body, up to a limit: a small body can decode to a huge one.</summary>
internal static class BodyDecoder
{
    private const int ChunkBytes = 8 * 1024;

    /// <summary>Decodes.</summary>
    /// <param name="body">The body as it was sent.</param>
    /// <param name="coding">Its <c>Content-Encoding</c>; null for none.</param>
    /// <param name="limit">How long the decoded body may be.</param>
    /// <returns>Null where the coding is not known, the body is not of it, or the decoded one is too long.</returns>
    public static ReadOnlyMemory<byte>? Decode(ReadOnlyMemory<byte> body, string? coding, int limit)
    {
        // An answer to HEAD says how the body would be coded, and has none.
        if (body.IsEmpty || string.IsNullOrWhiteSpace(coding) || Is(coding, "identity"))
        {
            return body.Length <= limit ? body : null;
        }

        using var source = new MemoryStream(body.ToArray(), writable: false);
        using Stream? decoder = Is(coding, "gzip") || Is(coding, "x-gzip") ? new GZipStream(source, CompressionMode.Decompress)
            : Is(coding, "br") ? new BrotliStream(source, CompressionMode.Decompress)
            : Is(coding, "deflate") ? new ZLibStream(source, CompressionMode.Decompress)
            : null;
        return decoder is null ? null : Read(decoder, limit);
    }

    private static ReadOnlyMemory<byte>? Read(Stream decoder, int limit)
    {
        var decoded = new BodyCapture(limit);
        var chunk = new byte[ChunkBytes];
        try
        {
            int read;
            while ((read = decoder.Read(chunk)) > 0)
            {
                decoded.Add(chunk.AsSpan(0, read));
                if (decoded.IsTooLarge)
                {
                    return null;
                }
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // What Brotli says of data that is not Brotli.
            return null;
        }

        return decoded.Bytes;
    }

    private static bool Is(string coding, string name) => coding.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase);
}
