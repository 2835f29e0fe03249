namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Files of a certificate with its private key.</summary>
/// <param name="Path">PEM (with the intermediate certificates after it), or PKCS#12.</param>
/// <param name="KeyPath">The PEM file of the private key, when it is not in <paramref name="Path"/>.</param>
/// <param name="Password">Of the PKCS#12 file, or of the encrypted PEM key.</param>
public sealed record CertificateOptions(string Path, string? KeyPath, string? Password)
{
    /// <summary>Without the password, which must not end up in a log.</summary>
    public override string ToString() => $"{Path}{(KeyPath is null ? "" : $" and {KeyPath}")}";
}
