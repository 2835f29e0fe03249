using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Admin:Tokens</c>.</summary>
/// <param name="Name">The actor's name in the history and the audit journal.</param>
/// <param name="Sha256">The SHA-256 of the token's UTF-8 bytes, 32 bytes.</param>
/// <param name="Role">What the token may do.</param>
public sealed record AdminToken(string Name, ImmutableArray<byte> Sha256, AdminRole Role);
