namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Mirroring</c>: the key by which APIs recognize mirrored requests.</summary>
public sealed record MirroringOptions
{
    /// <summary>The shortest key that is allowed, in characters.</summary>
    public const int ShortestKey = 32;

    /// <summary>The key; null for none, or where a file holds it.</summary>
    public string? Key { get; init; }

    /// <summary>The file that holds the key, read for each mirror; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What may be shown: not the key.</summary>
    public override string ToString() => Key is not null ? "a key" : KeyFile ?? "no key";

    /// <summary>Whether a text can be a key. White space around it would be lost in a file, and the key would be another one.</summary>
    internal static bool IsKey(string text) => text.Length >= ShortestKey && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]);
}
