using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>FailOn</c>: a metric of its own.</summary>
/// <param name="Name">As it was written: <c>5xx</c>, <c>401</c>, <c>grpc:unavailable</c>.</param>
/// <param name="Codes">The status codes that are bad.</param>
public sealed record FailureMetric(string Name, StatusCodeSet Codes)
{
    private const string Grpc = "grpc:";

    /// <summary>Server errors, and what a destination breaks off. Every service has it.</summary>
    public static FailureMetric Errors { get; } =
        new("5xx", StatusCodeSet.TryParse("500-599", out var codes) ? codes : StatusCodeSet.Ok) { GrpcStatuses = GrpcStatusNames.ServerErrors };

    /// <summary>The statuses of gRPC calls that are bad; 17 stands for a response that ended without one.</summary>
    public ImmutableArray<int> GrpcStatuses { get; init; } = [];

    /// <summary>Reads an entry: a class such as <c>4xx</c>, codes, ranges, or statuses of gRPC such as <c>grpc:14</c>.</summary>
    /// <param name="text">The entry.</param>
    /// <param name="metric">The metric, when true is returned.</param>
    public static bool TryParse(string text, out FailureMetric metric)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase))
        {
            return TryParseGrpc(text[Grpc.Length..], out metric);
        }

        var isClass = text is [>= '1' and <= '5', 'x' or 'X', 'x' or 'X'];
        var parsed = StatusCodeSet.TryParse(isClass ? $"{text[0]}00-{text[0]}99" : text, out var codes);
        metric = isClass && text[0] == '5' ? Errors : new FailureMetric(text.ToLowerInvariant(), codes);
        return parsed;
    }

    // Named as gRPC names them, so that the number and the name are one metric.
    private static bool TryParseGrpc(string text, out FailureMetric metric)
    {
        var statuses = new SortedSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!GrpcStatusNames.TryParseFailure(part, out var status))
            {
                metric = Errors;
                return false;
            }

            statuses.Add(status);
        }

        metric = new FailureMetric(Grpc + string.Join(',', statuses.Select(GrpcStatusNames.NameOf)), StatusCodeSet.None) { GrpcStatuses = [.. statuses] };
        return true;
    }
}
