using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Admin:ClientCertificates</c>: one certificate by its hash, or whichever an authority gave a subject.</summary>
/// <param name="Name">The actor's name in the history and the audit journal.</param>
/// <param name="Thumbprint">The SHA-256 of the certificate, 32 bytes; empty when <paramref name="Subject"/> and <paramref name="CaPath"/> say who it is.</param>
/// <param name="Subject">The distinguished name, such as <c>CN=ci, O=Example</c>.</param>
/// <param name="CaPath">A PEM file with the authorities that may have issued it.</param>
/// <param name="Role">What its owner may do.</param>
public sealed record AdminClientCertificate(string Name, ImmutableArray<byte> Thumbprint, string? Subject, string? CaPath, AdminRole Role);
