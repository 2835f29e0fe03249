using System.Globalization;
using System.Text.RegularExpressions;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>What came of an attack, told from the bytes of both sides: the words of the table in docs/security/evidence.md.</summary>
internal static partial class Observed
{
    /// <summary>What clients of HTTP/1.1 got until their connections ended.</summary>
    public static string Client(IEnumerable<(string Answer, bool WasReset)> ends) =>
        Counted(ends.Select(end => string.Join(", ", [.. StatusLine().Matches(end.Answer).Select(match => match.Groups[1].Value), end.WasReset ? "reset" : "close"])));

    /// <summary>What a client of HTTP/2 got until its connection ended, or until now where that is not said.</summary>
    public static string Client(byte[] bytes, bool? wasReset) => string.Join(", ",
    [
        .. Read(bytes).Where(frame => frame.Type is Headers or ResetStream or GoAway).Select(frame => frame.Type switch
        {
            Headers => StatusOf(frame.Payload).ToString(CultureInfo.InvariantCulture),
            ResetStream => $"RST_STREAM {NameOf(CodeOf(ResetStream, frame.Payload))}",
            _ => $"GOAWAY {NameOf(CodeOf(GoAway, frame.Payload))}",
        }).CountBy(text => text).Select(Times),
        .. wasReset is { } reset ? new[] { reset ? "reset" : "close" } : [],
    ]);

    /// <summary>What the API got: heads of requests, and bytes that belong to none.</summary>
    public static string Api(RawApi api)
    {
        var heads = api.Requests;
        return (heads, api.BodyBytes) switch
        {
            (0, 0) => "nothing",
            (_, 0) => $"{Heads(heads)}, no body",
            var (_, body) => $"{Heads(heads)}, {body.ToString("N0", CultureInfo.InvariantCulture)} bytes of body",
        };
    }

    private static string Heads(int count) => count == 1 ? "1 head" : $"{count} heads";

    private static string Counted(IEnumerable<string> texts) => string.Join("; ", texts.CountBy(text => text).OrderByDescending(text => text.Value).Select(Times));

    private static string Times(KeyValuePair<string, int> counted) => counted.Value == 1 ? counted.Key : $"{counted.Value} times {counted.Key}";

    private static string NameOf(int code) => code switch
    {
        NoError => "NO_ERROR",
        ProtocolError => "PROTOCOL_ERROR",
        InternalError => "INTERNAL_ERROR",
        RefusedStream => "REFUSED_STREAM",
        Cancel => "CANCEL",
        CompressionError => "COMPRESSION_ERROR",
        EnhanceYourCalm => "ENHANCE_YOUR_CALM",
        _ => code.ToString(CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("HTTP/1\\.1 (\\d{3}) ")]
    private static partial Regex StatusLine();
}
