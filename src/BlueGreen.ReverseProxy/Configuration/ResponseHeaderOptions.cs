namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:ResponseHeaders</c>.</summary>
public sealed record ResponseHeaderOptions
{
    /// <summary>Whether responses carry <c>X-Environment: blue|green</c> in place of what the API sent. Default true.</summary>
    public bool Environment { get; init; } = true;

    /// <summary>Whether responses without <c>X-API-Version</c> get the slot's version. Default true.</summary>
    public bool Version { get; init; } = true;
}
