namespace BlueGreen.ReverseProxy.Previews;

/// <summary>Why a preview is refused; a label of the metrics, so from a fixed set.</summary>
internal enum PreviewFault
{
    /// <summary>It is not.</summary>
    None = 0,

    /// <summary>What was presented has not the form of a token, or there are several.</summary>
    Malformed = 1,

    /// <summary>The gateway has no such key, or no longer.</summary>
    UnknownKey = 2,

    /// <summary>The signature is wrong.</summary>
    Forged = 3,

    /// <summary>The token is for another service.</summary>
    OtherService = 4,

    /// <summary>The token, or the key that signed it, is past its time.</summary>
    Expired = 5,

    /// <summary>An operator has revoked the token.</summary>
    Revoked = 6,

    /// <summary>The preview's host is not open to this client.</summary>
    Address = 7,

    /// <summary>The link of a preview was used for something else than to open it in a browser.</summary>
    Link = 8,
}

/// <summary>What can be asked of a <see cref="PreviewFault"/>.</summary>
internal static class PreviewFaults
{
    /// <summary>All reasons for a refusal.</summary>
    public static IReadOnlyList<PreviewFault> All { get; } = [.. Enum.GetValues<PreviewFault>().Where(fault => fault != PreviewFault.None)];

    /// <summary>The name in problems and metrics.</summary>
    public static string ToText(this PreviewFault fault) => fault switch
    {
        PreviewFault.Malformed => "malformed",
        PreviewFault.UnknownKey => "unknownKey",
        PreviewFault.Forged => "forged",
        PreviewFault.OtherService => "otherService",
        PreviewFault.Expired => "expired",
        PreviewFault.Revoked => "revoked",
        PreviewFault.Address => "address",
        PreviewFault.Link => "link",
        _ => "none",
    };
}
