using System.Reflection;
using System.Security.Authentication;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Configuration.Keys;

/// <summary>The keys of YARP's section, as its configuration types have them: YARP itself passes over a key that it does not know.</summary>
internal static class ProxyKeys
{
    /// <summary>The section <c>ReverseProxy</c>.</summary>
    public static SettingNode Root { get; } = new SettingNode(SettingKind.Section)
        .With("Routes", SettingNode.MapOf(Of(typeof(RouteConfig), nameof(RouteConfig.RouteId))))
        .With("Clusters", SettingNode.MapOf(Of(typeof(ClusterConfig), nameof(ClusterConfig.ClusterId))));

    /// <summary>The node of a type: its properties are the keys.</summary>
    /// <param name="declared">The type.</param>
    /// <param name="ownName">The property that is the key of the section itself.</param>
    public static SettingNode Of(Type declared, string? ownName = null)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;

        // Several of them are a list in the configuration, and flags in the type.
        return type == typeof(SslProtocols) ? SettingNode.ListOf(SettingNode.OneOf(Enum.GetNames<SslProtocols>()))
            : type.IsEnum ? SettingNode.OneOf(Enum.GetNames(type))
            : type == typeof(string) ? new SettingNode(SettingKind.Text)
            : type == typeof(Uri) ? new SettingNode(SettingKind.Uri)
            : type == typeof(Version) ? new SettingNode(SettingKind.Version)
            : type == typeof(bool) ? new SettingNode(SettingKind.Boolean)
            : type == typeof(int) || type == typeof(long) ? new SettingNode(SettingKind.Integer)
            : type == typeof(double) ? new SettingNode(SettingKind.Number)
            : type == typeof(TimeSpan) ? new SettingNode(SettingKind.Duration)
            : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) ? SettingNode.MapOf(EntryOf(type.GetGenericArguments()[1]))
            : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? SettingNode.ListOf(Of(type.GetGenericArguments()[0]))
            : SectionOf(type, ownName);
    }

    // Metadata and transforms: names and texts of anybody's.
    private static SettingNode EntryOf(Type type) => type == typeof(string) ? SettingNode.TextOrNumber() : Of(type);

    private static SettingNode SectionOf(Type type, string? ownName)
    {
        var section = new SettingNode(SettingKind.Section);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite && property.Name != ownName))
        {
            section.With(property.Name, Of(property.PropertyType));
        }

        return section;
    }
}
