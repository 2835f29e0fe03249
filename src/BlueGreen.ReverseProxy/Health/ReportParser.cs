using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Reads health reports: the gateway's own form, ASP.NET Core health JSON, and Spring Boot Actuator.</summary>
internal static class ReportParser
{
    public const string Healthy = "healthy";
    public const string Degraded = "degraded";
    public const string Unhealthy = "unhealthy";

    private const int MaxDepth = 32;
    private const int MaxTextLength = 200;

    // Where the forms keep their checks: ours, ASP.NET Core's two, Spring's two.
    private static readonly string[] CheckContainers = ["checks", "entries", "results", "components", "details"];

    /// <summary>Reads a report, or says why it is none.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out HealthReport? report, [NotNullWhen(false)] out string? error)
    {
        report = null;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return TryRead(document.RootElement, out report, out error);
        }
        catch (JsonException exception)
        {
            error = body.IsEmpty ? "the body is empty" : $"the body is not JSON: {Shown(exception.Message)}";
            return false;
        }
        catch (InvalidOperationException)
        {
            // JSON by its form, with a name or text that is no Unicode.
            report = null;
            error = "the body is not JSON: it contains text that is not valid Unicode";
            return false;
        }
    }

    private static bool TryRead(JsonElement root, [NotNullWhen(true)] out HealthReport? report, [NotNullWhen(false)] out string? error)
    {
        report = null;
        if (root.ValueKind != JsonValueKind.Object || !TryGet(root, "status", out var status) || status.ValueKind != JsonValueKind.String)
        {
            error = "the body is not a health report: it has no \"status\"";
            return false;
        }

        if (NormalStatus(status.GetString()) is not { } overall)
        {
            error = $"the report's status \"{Shown(status.GetString()!)}\" is not healthy, degraded or unhealthy";
            return false;
        }

        if (!TryReadSchema(root, out var schema, out error))
        {
            return false;
        }

        report = new HealthReport(
            overall,
            ReadText(root, "version"),
            ReadText(root, "environment"),
            TryGet(root, "uptime", out var uptime) && uptime.ValueKind == JsonValueKind.Number && uptime.TryGetDouble(out var seconds) && double.IsFinite(seconds) ? seconds : null,
            ReadChecks(root),
            schema);
        error = null;
        return true;
    }

    private static ImmutableSortedDictionary<string, string> ReadChecks(JsonElement root)
    {
        var checks = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var container in CheckContainers)
        {
            if (!TryGet(root, container, out var found) || found.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (var check in found.EnumerateObject())
            {
                // Reported twice, in two forms or two spellings: the worse one counts.
                var name = Shown(check.Name);
                var status = CheckStatus(check.Value);
                checks[name] = checks.TryGetValue(name, out var other) ? Worse(status, other) : status;
            }
        }

        return checks.ToImmutable();
    }

    private static string Worse(string one, string other) =>
        one == Unhealthy || other == Unhealthy ? Unhealthy : one == Degraded || other == Degraded ? Degraded : Healthy;

    // A check whose status can't be understood has not passed.
    private static string CheckStatus(JsonElement check) => check.ValueKind switch
    {
        JsonValueKind.True => Healthy,
        JsonValueKind.False => Unhealthy,
        JsonValueKind.String => NormalStatus(check.GetString()) ?? Unhealthy,
        JsonValueKind.Object when TryGet(check, "status", out var status) => CheckStatus(status),
        _ => Unhealthy,
    };

    private static bool TryReadSchema(JsonElement root, out SchemaReport? schema, [NotNullWhen(false)] out string? error)
    {
        schema = null;
        error = null;
        if (!TryGet(root, "schema", out var element) || element.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (element.ValueKind == JsonValueKind.Object
            && TryReadNumber(element, "min", out var min)
            && TryReadNumber(element, "max", out var max)
            && min <= max
            && TryReadCurrent(element, out var current))
        {
            schema = new SchemaReport(current, min, max);
            return true;
        }

        error = "the report's schema is not { \"current\": N, \"min\": N, \"max\": N } with whole numbers and min <= max";
        return false;
    }

    // An API that can't reach its database knows its range all the same, and says that it is unhealthy.
    private static bool TryReadCurrent(JsonElement element, out long? current)
    {
        current = null;
        if (!TryGet(element, "current", out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        var isNumber = TryReadNumber(element, "current", out var number);
        current = number;
        return isNumber;
    }

    private static bool TryReadNumber(JsonElement element, string name, out long number)
    {
        number = 0;
        return TryGet(element, name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out number);
    }

    private static string? ReadText(JsonElement root, string name) =>
        TryGet(root, name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? Shown(text) : null;

    private static string? NormalStatus(string? status) => status?.Trim().ToUpperInvariant() switch
    {
        "HEALTHY" or "UP" => Healthy,
        "DEGRADED" => Degraded,
        "UNHEALTHY" or "DOWN" or "OUT_OF_SERVICE" or "UNKNOWN" => Unhealthy,
        _ => null,
    };

    // ASP.NET Core's own writers differ in the case of their names.
    private static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                value = property.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    // What an API says ends up in headers, logs and terminals.
    private static string Shown(string text) => OneLine.Of(text.Length > MaxTextLength ? text[..MaxTextLength] : text);
}
