using System.Diagnostics.CodeAnalysis;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What the address of a destination may look like, wherever it comes from.</summary>
internal static class DestinationAddress
{
    public const string Allowed = "an absolute http or https URL without query or fragment, such as http://10.0.0.11:8080/";

    public static bool IsValid([NotNullWhen(true)] string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.Host.Length > 0
        && uri.Port != 0
        && uri.Query.Length == 0
        && uri.Fragment.Length == 0
        && uri.UserInfo.Length == 0;
}
