using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Admin</c>.</summary>
public sealed record AdminOptions
{
    /// <summary>The default of <see cref="Urls"/>.</summary>
    public const string DefaultUrls = "http://127.0.0.1:9090";

    /// <summary>The default of <see cref="SocketMode"/>: owner and group.</summary>
    public const UnixFileMode DefaultSocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>What the administration API listens on, apart from proxied traffic. Default <see cref="DefaultUrls"/>.</summary>
    public ImmutableArray<string> Urls { get; init; } = [DefaultUrls];

    /// <summary>Who may call. With none, and no client certificate, the API is open, which only a loopback address or a Unix domain socket may be.</summary>
    public ImmutableArray<AdminToken> Tokens { get; init; } = [];

    /// <summary>Names by which the API may be called, beside loopback names on a loopback address. Default none.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>The permissions of the file of a Unix domain socket. Default 0660.</summary>
    public UnixFileMode SocketMode { get; init; } = DefaultSocketMode;

    /// <summary>The certificate of <c>https</c> addresses; null without any.</summary>
    public CertificateOptions? Certificate { get; init; }

    /// <summary>Client certificates that may call on <c>https</c> addresses.</summary>
    public ImmutableArray<AdminClientCertificate> ClientCertificates { get; init; } = [];

    /// <summary>Whether anybody may call who can reach it: nobody is configured.</summary>
    public bool IsOpen => Tokens.IsEmpty && ClientCertificates.IsEmpty;
}

/// <summary>One entry of <c>BlueGreen:Admin:Tokens</c>.</summary>
/// <param name="Name">The actor's name in the history and the audit journal.</param>
/// <param name="Sha256">The SHA-256 of the token's UTF-8 bytes, 32 bytes.</param>
/// <param name="Role">What the token may do.</param>
public sealed record AdminToken(string Name, ImmutableArray<byte> Sha256, AdminRole Role);

/// <summary>One entry of <c>BlueGreen:Admin:ClientCertificates</c>: one certificate by its hash, or whichever an authority gave a subject.</summary>
/// <param name="Name">The actor's name in the history and the audit journal.</param>
/// <param name="Thumbprint">The SHA-256 of the certificate, 32 bytes; empty when <paramref name="Subject"/> and <paramref name="CaPath"/> say who it is.</param>
/// <param name="Subject">The distinguished name, such as <c>CN=ci, O=Example</c>.</param>
/// <param name="CaPath">A PEM file with the authorities that may have issued it.</param>
/// <param name="Role">What its owner may do.</param>
public sealed record AdminClientCertificate(string Name, ImmutableArray<byte> Thumbprint, string? Subject, string? CaPath, AdminRole Role);

/// <summary>Files of a certificate with its private key.</summary>
/// <param name="Path">PEM (with the intermediate certificates after it), or PKCS#12.</param>
/// <param name="KeyPath">The PEM file of the private key, when it is not in <paramref name="Path"/>.</param>
/// <param name="Password">Of the PKCS#12 file, or of the encrypted PEM key.</param>
public sealed record CertificateOptions(string Path, string? KeyPath, string? Password)
{
    /// <summary>Without the password, which must not end up in a log.</summary>
    public override string ToString() => $"{Path}{(KeyPath is null ? "" : $" and {KeyPath}")}";
}

/// <summary>What a token may do; each role includes the ones before it.</summary>
public enum AdminRole
{
    /// <summary>Look at everything.</summary>
    Viewer = 0,

    /// <summary>Deploy, cut over, roll back, approve, abort, finish.</summary>
    Operator = 1,

    /// <summary>Everything.</summary>
    Admin = 2,
}
