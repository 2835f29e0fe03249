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
