using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>What was given for TLS; each may be null.</summary>
/// <param name="Authorities">The file of those who may have signed the gateway's certificate.</param>
/// <param name="Certificate">The file of the client certificate.</param>
/// <param name="Key">The file of its key.</param>
/// <param name="Password">The key's password; from the environment only, and never shown.</param>
internal sealed record TlsFiles(Setting? Authorities, Setting? Certificate, Setting? Key, string? Password)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => string.Join(", ", new[] { Authorities, Certificate, Key }.OfType<Setting>());
}
