using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>What every call that is not answered with a success says (RFC 9457).</summary>
/// <param name="Type"><c>/problems/</c> and the code.</param>
/// <param name="Title">The kind of problem, for people.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, where, and what to do.</param>
/// <param name="Code">The kind of problem, for scripts.</param>
/// <param name="Errors">What is wrong with each bad field, header or query parameter, by its name; only with <c>invalid-request</c>.</param>
/// <param name="ReleaseId">The release concerned; whenever one is.</param>
/// <param name="Release">The release as it ended; only with <c>gate-failed</c> and <c>release-ended</c>.</param>
/// <param name="Gates">Every gate's verdict; only with <c>gate-failed</c>.</param>
/// <param name="Generation">The service's generation; only with <c>stale-generation</c>.</param>
public sealed record Problem(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReleaseId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Release? Release = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Gate>? Gates = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Generation = null);
