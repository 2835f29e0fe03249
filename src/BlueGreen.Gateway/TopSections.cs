using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Gateway;

/// <summary>The sections that a configuration may begin with. Environment variables hold anything else too; files and arguments do not.</summary>
internal static class TopSections
{
    /// <summary>A section for what the gateway does not read.</summary>
    public const string Free = "Custom";

    private const string FreePrefix = "X-";

    // "$schema", for editors.
    private const char AnnotationMark = '$';

    /// <summary>Every known name: the gateway's own, and what ASP.NET Core and its host read.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        "BlueGreen", "ReverseProxy", "Urls", "Kestrel", "Logging", "Serilog", "AllowedHosts", "ConnectionStrings", "Http_Ports", "Https_Ports",
        "Environment", "ContentRoot", "WebRoot", "ApplicationName", "DetailedErrors", "CaptureStartupErrors", "PreferHostingUrls", "ShutdownTimeoutSeconds",
        "SuppressStatusMessages", "HostingStartupAssemblies", "HostingStartupExcludeAssemblies", "PreventHostingStartup", "ForwardedHeaders_Enabled",
        "HostBuilder", "HostOptions", "Metrics", Free,
    ];

    /// <summary>Whether a key, such as <c>BlueGreen:Admin:Urls</c>, is in one of them.</summary>
    public static bool Contain(string key)
    {
        var section = Of(key);
        return section.Length > 0
            && (section[0] == AnnotationMark
                || section.StartsWith(FreePrefix, StringComparison.OrdinalIgnoreCase)
                || Known.Contains(section, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Whether the gateway or its framework reads the section that a key is in.</summary>
    public static bool IsRead(string key) => Of(key) is var section && section != Free && Known.Contains(section, StringComparer.OrdinalIgnoreCase);

    /// <summary>The first part of a key.</summary>
    public static string Of(string key) => key.Split(ConfigurationPath.KeyDelimiter, 2)[0];

    /// <summary>What is wrong with a section that is none of them.</summary>
    /// <param name="section">The section.</param>
    /// <param name="file">The file that it is in.</param>
    public static string Explain(string section, string file) =>
        $"is not a known section of {file}: {(Suggestion.For(section, Known) is { } meant ? $"did you mean {meant}?" : "BlueGreen, ReverseProxy, Urls, Kestrel, Logging, Serilog and those of ASP.NET Core.")} What the gateway does not read can be in {Free}, or in a section whose name begins with {FreePrefix}";
}
