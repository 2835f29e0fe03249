using System.Text;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads the key of the marks from where the configuration says it is.</summary>
internal static class MirrorKeyFile
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Reads the key.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="key">The key; null where none is configured, or it can't be read.</param>
    /// <returns>Why it can't be read, without its content; null where it can, or where none is configured.</returns>
    public static string? TryRead(MirroringOptions options, out byte[]? key)
    {
        key = null;
        try
        {
            var text = options.Key ?? (options.KeyFile is { } file ? Read(file) : null);
            if (text is not null && !MirroringOptions.IsKey(text))
            {
                return $"can't be used: the file must hold one key of at least {MirroringOptions.ShortestKey} characters";
            }

            key = text is null ? null : Encoding.UTF8.GetBytes(text);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"can't be read: {OneLine.Of(exception.Message, most: 200).TrimEnd('.')}";
        }
    }

    // What is too long for a key is too short for one: the caller's error fits both.
    private static string Read(string file) => BoundedFile.Read(file, MaxBytes) is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : "";
}
