using System.Globalization;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>The cookie by which a browser stays in a preview.</summary>
internal static class PreviewCookie
{
    public const string Name = "bluegreen-preview";

    /// <summary>The <c>Set-Cookie</c> that begins a preview.</summary>
    public static string Set(string token, TimeSpan lifetime, bool isSecure) => Write(token, (long)lifetime.TotalSeconds, isSecure);

    /// <summary>The <c>Set-Cookie</c> that ends it.</summary>
    public static string Remove(bool isSecure) => Write("", 0, isSecure);

    private static string Write(string value, long seconds, bool isSecure) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{(isSecure ? "; Secure" : "")}");
}
