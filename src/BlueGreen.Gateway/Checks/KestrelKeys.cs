using System.Security.Authentication;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace BlueGreen.Gateway.Checks;

/// <summary>The keys of the server's section. The server passes over a key that it does not know, and over a protocol that it can't read.</summary>
internal static class KestrelKeys
{
    public const string Section = "Kestrel";
    public const string Endpoints = "Kestrel:Endpoints";
    public const string DefaultCertificate = "Kestrel:Certificates:Default";

    /// <summary>The section; its limits are those of <see cref="ServerLimits"/>.</summary>
    public static SettingNode Root { get; } = New()
        .With("Endpoints", SettingNode.MapOf(Endpoint()
            .With("Url", new SettingNode(SettingKind.Text))
            .With("Certificate", Certificate())
            .With("Sni", SettingNode.MapOf(Endpoint().With("Certificate", Certificate())))))
        .With("EndpointDefaults", Endpoint())
        .With("Certificates", SettingNode.MapOf(Certificate()))
        .With("Limits", new SettingNode(SettingKind.Any));

    private static SettingNode Endpoint() => New()
        .With("Protocols", SettingNode.OneOf(Enum.GetNames<HttpProtocols>()))
        .With("SslProtocols", SettingNode.ListOf(SettingNode.OneOf(Enum.GetNames<SslProtocols>())))
        .With("ClientCertificateMode", SettingNode.OneOf(Enum.GetNames<ClientCertificateMode>()));

    private static SettingNode Certificate() => New()
        .With("Path", new SettingNode(SettingKind.Text))
        .With("KeyPath", new SettingNode(SettingKind.Text))
        .With("Password", SettingNode.TextOrNumber())
        .With("Subject", new SettingNode(SettingKind.Text))
        .With("Store", new SettingNode(SettingKind.Text))
        .With("Location", new SettingNode(SettingKind.Text))
        .With("AllowInvalid", new SettingNode(SettingKind.Boolean));

    private static SettingNode New() => new(SettingKind.Section);
}
