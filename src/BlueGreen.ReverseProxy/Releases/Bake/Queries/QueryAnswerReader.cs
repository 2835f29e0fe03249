using System.Globalization;
using System.Text.Json;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>Reads the answer of <c>/api/v1/query</c>: one value, or why there is none. Pure.</summary>
internal static class QueryAnswerReader
{
    public const int MaxReasonLength = 200;
    private const int Success = 200;
    private const string OneValue = "the query must give one value";

    /// <summary>Reads an answer.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="body">The body, whole.</param>
    public static QueryAnswer Read(int status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            var error = root.ValueKind == JsonValueKind.Object && TextOf(root, "error") is { Length: > 0 } text
                ? OneLine.Of(TextOf(root, "errorType") is { Length: > 0 } type ? $"{type}: {text}" : text, MaxReasonLength)
                : null;
            return status != Success ? QueryAnswer.None(error is null ? $"status code {status}" : $"status code {status}: {error}")
                : root.ValueKind == JsonValueKind.Object && TextOf(root, "status") == "success" && root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? ReadData(data)
                : QueryAnswer.None(error ?? "the answer is not that of a Prometheus-compatible API");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The parser takes texts that are not UTF-8; reading one throws the latter.
            return QueryAnswer.None(status == Success ? "the answer is not JSON" : $"status code {status}");
        }
    }

    private static QueryAnswer ReadData(JsonElement data)
    {
        if (!data.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Array)
        {
            return QueryAnswer.None("the answer has no result");
        }

        return TextOf(data, "resultType") switch
        {
            "scalar" => ReadSample(result),
            "vector" => result.GetArrayLength() switch
            {
                0 => QueryAnswer.None("the result is empty"),
                1 => result[0] is { ValueKind: JsonValueKind.Object } series && series.TryGetProperty("value", out var sample)
                    ? ReadSample(sample)
                    : QueryAnswer.None($"the result is not a number; {OneValue}"),
                var count => QueryAnswer.None($"the result has {count} samples; {OneValue}"),
            },
            var type => QueryAnswer.None($"the result is of type {(type is null ? "unknown" : OneLine.Of(type, MaxReasonLength))}; {OneValue}"),
        };
    }

    // [ time, "value" ]
    private static QueryAnswer ReadSample(JsonElement sample)
    {
        if (sample.ValueKind != JsonValueKind.Array || sample.GetArrayLength() != 2 || sample[1].ValueKind != JsonValueKind.String)
        {
            return QueryAnswer.None("the answer has no sample that can be read");
        }

        var text = sample[1].GetString()!;
        return text is "NaN" or "+Inf" or "-Inf" or "Inf" ? QueryAnswer.None($"the value is {text}")
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? QueryAnswer.Of(value)
            : QueryAnswer.None("the value is not a number");
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var property) && property.ValueKind == JsonValueKind.String ? property.GetString() : null;
}
