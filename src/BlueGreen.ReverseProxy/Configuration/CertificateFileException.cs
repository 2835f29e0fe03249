namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A file of a certificate or its key can't be used.</summary>
/// <param name="path">The file.</param>
/// <param name="reason">Why not.</param>
/// <param name="inner">What the system has said.</param>
internal sealed class CertificateFileException(string path, string reason, Exception? inner = null) : Exception($"{path}: {reason}", inner)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>Whether the password is missing, or the wrong one.</summary>
    public bool IsPassword { get; init; }
}
