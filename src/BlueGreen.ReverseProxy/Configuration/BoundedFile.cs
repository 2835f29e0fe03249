namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads files that somebody may have replaced by anything: a path that leads to something endless must not fill the memory.</summary>
internal static class BoundedFile
{
    /// <summary>The whole content of a file; null if there is more than <paramref name="maxBytes"/>.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static byte[]? Read(string path, int maxBytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

        // One byte more than there should be shows that the end was reached. A device has no length, and a file may grow meanwhile.
        var buffer = new byte[(int)Math.Min(maxBytes, file.CanSeek ? file.Length : 0) + 1];
        var length = 0;
        while (true)
        {
            length += file.ReadAtLeast(buffer.AsSpan(length), buffer.Length - length, throwOnEndOfStream: false);
            if (length < buffer.Length)
            {
                return buffer[..length];
            }

            if (length > maxBytes)
            {
                return null;
            }

            Array.Resize(ref buffer, (int)Math.Min((long)maxBytes + 1, Math.Max(4096, 2L * buffer.Length)));
        }
    }
}
