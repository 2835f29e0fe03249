using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>How the gateway's own background work is doing: <c>GET /healthz</c>.</summary>
/// <param name="Status"><c>healthy</c>, or <c>degraded</c> while a loop waits to be restarted or the state or its journals can't be stored. Traffic is served in both cases.</param>
/// <param name="Loops">The background loops.</param>
public sealed record GatewayHealth([property: AllowedValues("healthy", "degraded")] string Status, IReadOnlyList<LoopHealth> Loops)
{
    /// <summary>The <see cref="Status"/> if every loop runs.</summary>
    public const string Healthy = "healthy";

    /// <summary>The <see cref="Status"/> while a loop waits to be restarted or the state or its journals can't be stored.</summary>
    public const string Degraded = "degraded";

    /// <summary>Whether the state can be stored. While it can't, no cutover, rollback or deployment is possible.</summary>
    public StateHealth? State { get; init; }

    /// <summary>Whether audit and history can be written to their journals. While they can't, the state carries them, up to a limit.</summary>
    public StateHealth? Journals { get; init; }
}

/// <summary>Whether something can be stored.</summary>
/// <param name="Status"><c>writable</c> or <c>notWritable</c>.</param>
public sealed record StateHealth([property: AllowedValues("writable", "notWritable")] string Status)
{
    /// <summary>The <see cref="Status"/> if the last try went well.</summary>
    public const string Writable = "writable";

    /// <summary>The <see cref="Status"/> if it failed.</summary>
    public const string NotWritable = "notWritable";

    /// <summary>What the last try met. For callers with a role.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastError { get; init; }

    /// <summary>Since when it can't (UTC). For callers with a role.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Since { get; init; }
}

/// <summary>One background loop. Callers without a role get one entry per kind of loop, with <see cref="Name"/> and <see cref="Status"/> only.</summary>
/// <param name="Name">What the loop does, and what it does it for: <c>hooks/ci</c>; the kind alone for callers without a role: <c>hooks</c>.</param>
/// <param name="Status"><c>running</c> or <c>restarting</c>.</param>
public sealed record LoopHealth(string Name, [property: AllowedValues("running", "restarting")] string Status)
{
    /// <summary>The <see cref="Status"/> of a loop that runs.</summary>
    public const string Running = "running";

    /// <summary>The <see cref="Status"/> of a loop that has failed and waits to be started again.</summary>
    public const string Restarting = "restarting";

    /// <summary>How often the loop has failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Failures { get; init; }

    /// <summary>The type and the message of the last exception.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastError { get; init; }

    /// <summary>Since when the loop runs, or waits.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Since { get; init; }
}
