using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Health;

/// <summary>The report as it is sent; the gateway reads these names.</summary>
/// <param name="Status">The worst status of all checks.</param>
/// <param name="Version">The version of the API.</param>
/// <param name="Environment">The slot.</param>
/// <param name="Uptime">Seconds.</param>
/// <param name="Checks">By name.</param>
/// <param name="Schema">Null, and left out, where no schema is configured.</param>
internal sealed record DeepHealthReport(
    HealthStatus Status,
    string Version,
    string Environment,
    double Uptime,
    IReadOnlyDictionary<string, CheckReport> Checks,
    SchemaReport? Schema);

internal sealed record CheckReport(HealthStatus Status, double DurationMs, string? Description);

/// <summary>Current is null, and left out, when it could not be read.</summary>
internal sealed record SchemaReport(long? Current, long Min, long Max);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(LowerCaseStatus)])]
[JsonSerializable(typeof(DeepHealthReport))]
internal sealed partial class DeepHealthJson : JsonSerializerContext;

internal sealed class LowerCaseStatus() : JsonStringEnumConverter<HealthStatus>(JsonNamingPolicy.CamelCase);
