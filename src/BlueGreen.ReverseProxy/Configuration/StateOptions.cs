namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:State</c>.</summary>
public sealed record StateOptions
{
    /// <summary>The folder of the state document and the journals, relative to the working folder. Default <c>state</c>.</summary>
    public string Directory { get; init; } = "state";

    /// <summary>How long to wait at start for a folder that another gateway still has. Default 0: not at all.</summary>
    public TimeSpan LockTimeout { get; init; }
}
