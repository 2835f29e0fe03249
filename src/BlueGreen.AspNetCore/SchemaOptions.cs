namespace BlueGreen.AspNetCore;

/// <summary>
/// The range of database schema versions that this version of the API works with, and how to read the current one.
/// Set all three members or none.
/// </summary>
public sealed class SchemaOptions
{
    /// <summary>The oldest schema version that works, inclusive.</summary>
    public long? Min { get; set; }

    /// <summary>The newest schema version that works, inclusive; not less than <see cref="Min"/>.</summary>
    public long? Max { get; set; }

    /// <summary>
    /// Reads the current schema version, for example from the migration table; called once a probe, in code only. The
    /// services are a scope of their own; the token is cancelled when the probe's time is up or its caller has gone.
    /// An exception is logged and makes the report unhealthy.
    /// </summary>
    public Func<IServiceProvider, CancellationToken, ValueTask<long>>? ReadCurrent { get; set; }

    internal bool IsConfigured => Min is not null || Max is not null || ReadCurrent is not null;
}
