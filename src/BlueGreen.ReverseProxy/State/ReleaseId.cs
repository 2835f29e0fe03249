using System.Globalization;
using System.Security.Cryptography;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// Ids such as <c>r42-9f3c21</c>: the number orders them and is easy to say, the random part keeps a script that still holds an
/// id from before a lost state from meaning another release.
/// </summary>
internal static class ReleaseId
{
    private const int RandomBytes = 3;

    public static string Next(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"r{number}-{RandomNumberGenerator.GetHexString(RandomBytes * 2, lowercase: true)}");

    /// <summary>The number in an id; 0 for what is none.</summary>
    public static long NumberOf(string id)
    {
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        return dash > 1 && long.TryParse(id.AsSpan(1, dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
