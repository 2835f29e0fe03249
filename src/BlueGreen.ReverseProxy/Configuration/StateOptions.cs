namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:State</c>.</summary>
public sealed record StateOptions
{
    /// <summary>The folder of the state document and the journals, relative to the working folder. Default <c>state</c>.</summary>
    public string Directory { get; init; } = "state";

    /// <summary>How long to wait at start for a folder that another gateway still has. Default 0: not at all.</summary>
    public TimeSpan LockTimeout { get; init; }

    /// <summary>How long releases, events and the audit are kept in their files. Default 365 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How large a journal file grows before a new one is begun, in bytes. Default 4 MiB.</summary>
    public long JournalBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long a journal file is written to before a new one is begun. Default 30 days.</summary>
    public TimeSpan JournalAge { get; init; } = TimeSpan.FromDays(30);
}
