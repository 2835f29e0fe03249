using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Gateway;

/// <summary>The bytes of a file, or why there are none.</summary>
internal sealed class FileContent : IEquatable<FileContent>
{
    /// <summary>The largest file that is read, in bytes: thousands of services fit, and a link to something endless does not fill the memory.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private FileContent(byte[]? bytes, string? problem)
    {
        Bytes = bytes;
        Problem = problem;
    }

    public static FileContent Missing { get; } = new(null, "is missing");

    public byte[]? Bytes { get; }

    public string? Problem { get; }

    public bool IsMissing => Equals(Missing);

    public static FileContent Read(string path)
    {
        try
        {
            return BoundedFile.Read(path, MaxBytes) is { } bytes ? new(bytes, null) : new(null, $"is larger than {MaxBytes / 1024 / 1024} MB");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing;
        }
        catch (UnauthorizedAccessException)
        {
            return new(null, Directory.Exists(path) ? "is a folder" : "may not be read by this user");
        }
        catch (IOException exception)
        {
            return new(null, $"can't be read: {exception.Message}");
        }
    }

    public bool Equals(FileContent? other) =>
        other is not null
        && string.Equals(Problem, other.Problem, StringComparison.Ordinal)
        && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as FileContent);

    public override int GetHashCode() => HashCode.Combine(Problem, Bytes?.Length);
}
