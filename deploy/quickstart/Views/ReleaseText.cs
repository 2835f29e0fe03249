using System.Text.Json;
using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Views;

/// <summary>A running release in a few words, with the names of the admin API.</summary>
internal static class ReleaseText
{
    public static string Of(Release release) => $"{Name(release.Kind)} {release.Id} is {Name(release.Status)}";

    public static string StatusOf(Release release) => Name(release.Status);

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
