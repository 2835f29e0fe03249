namespace BlueGreen.AspNetCore;

/// <summary>
/// How the API recognizes mirrored requests. Bound from the configuration section <c>BlueGreen:Mirroring</c>; what is set in code wins over
/// it. Everything is validated when the host starts; a key of the section that does not exist here is refused.
/// </summary>
public sealed class BlueGreenMirroringOptions
{
    /// <summary>The configuration section that these options are bound from.</summary>
    public const string SectionName = "BlueGreen:Mirroring";

    /// <summary>The shortest key that is allowed, in characters.</summary>
    public const int ShortestKey = 32;

    /// <summary>The name of the API's service in the gateway. Required where there are keys.</summary>
    public string? Service { get; set; }

    /// <summary>
    /// The keys that marks may be signed with: <c>BlueGreen:Mirroring:Key</c> of the gateway, at least 32 characters. While you change the
    /// key, both. Without any, no request counts as mirrored.
    /// </summary>
    public IList<string> Keys { get; } = [];
}
