using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Releases.Bake.Replay;

/// <summary>One line of a recording: when and how one response ended.</summary>
/// <param name="At">When it ended (UTC).</param>
/// <param name="Slot">Which slot answered.</param>
/// <param name="StatusCode">The status code.</param>
/// <param name="Ending">How it ended.</param>
/// <param name="Milliseconds">The time to the start of the response.</param>
/// <param name="Client">What stands for the client; equal for equal addresses within one recording.</param>
public sealed record RecordedOutcome(DateTimeOffset At, SlotName Slot, int StatusCode, OutcomeEnding Ending, double Milliseconds, string Client)
{
    /// <summary>The first line of a recording: the names of the columns.</summary>
    public const string Header = "time,slot,status,ending,ms,client,route";

    private const string OlderHeader = "time,slot,status,ending,ms,client";
    private const int Columns = 7;
    private const int OlderColumns = 6;
    private const int HexDigits = 8;
    private const double MicrosecondsPerMillisecond = 1000;
    private const string Grpc = "grpc:";
    private const string GrpcMissing = "grpc:none";

    /// <summary>The status that a gRPC call has ended with, unless that was 0; 17 for a call that ended without one; null for anything else.</summary>
    public int? GrpcStatus { get; init; }

    /// <summary>What stands for the route, or whatever else the service's requests are told apart by; empty for nothing.</summary>
    public string Route { get; init; } = "";

    /// <summary>The outcome as a line: comma-separated, nothing quoted, for nothing in it needs quotes.</summary>
    public string ToLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ},{Slot.ToText()},{StatusCode},{EndingText},{Milliseconds:0.###},{Client},{Route}");

    /// <summary>Whether a line is the names of the columns, also as an older version has written them.</summary>
    public static bool IsHeader(string line) => line is Header or OlderHeader;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The columns as <see cref="Header"/> names them; the last may be missing, and <c>ending</c>, <c>ms</c>, <c>client</c> and <c>route</c> be empty.</param>
    /// <param name="outcome">The outcome, when true is returned.</param>
    /// <param name="problem">What is wrong with the line, when false is.</param>
    public static bool TryParse(string line, out RecordedOutcome outcome, out string problem)
    {
        ArgumentNullException.ThrowIfNull(line);
        outcome = null!;
        var columns = line.Split(',');
        if (columns.Length is not (Columns or OlderColumns))
        {
            problem = $"has {Counted.Of(columns.Length, "column")}, expected {Columns}: {Header}";
            return false;
        }

        if (!DateTimeOffset.TryParse(columns[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            problem = $"time \"{columns[0]}\" is not allowed: ISO 8601, such as 2026-01-02T03:04:05.678Z";
        }
        else if (!SlotNames.TryParse(columns[1], out var slot))
        {
            problem = $"slot \"{columns[1]}\" is not allowed: blue or green";
        }
        else if (!int.TryParse(columns[2], NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status is < 100 or > 999)
        {
            problem = $"status \"{columns[2]}\" is not allowed: a status code";
        }
        else if (!TryParseEnding(columns[3], out var ending, out var grpc))
        {
            problem = $"ending \"{columns[3]}\" is not allowed: nothing, destination, client, left, gateway, upgrade, closed, broken, or grpc: and a status from 1 to 16, or none";
        }
        else
        {
            var ms = 0.0;
            if (columns[4].Length > 0 && (!double.TryParse(columns[4], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out ms) || ms > int.MaxValue))
            {
                problem = $"ms \"{columns[4]}\" is not allowed: milliseconds";
                return false;
            }

            outcome = new RecordedOutcome(at.ToUniversalTime(), slot, status, ending, ms, columns[5]) { GrpcStatus = grpc, Route = columns.Length == Columns ? columns[6] : "" };
            problem = "";
            return true;
        }

        return false;
    }

    internal static RecordedOutcome Of(DateTimeOffset at, SlotName slot, in ResponseOutcome outcome) => new(
        at,
        slot,
        outcome.StatusCode,
        outcome switch
        {
            { Upgraded: true, WebSocket: WebSocketEnding.Broken } => OutcomeEnding.Broken,
            { Upgraded: true, WebSocket: WebSocketEnding.Good } => OutcomeEnding.Closed,
            { Upgraded: true } => OutcomeEnding.Upgrade,
            { Fault: Fault.Destination } => OutcomeEnding.Destination,
            { Fault: Fault.Client, Begun: true } => OutcomeEnding.Left,
            { Fault: Fault.Client } => OutcomeEnding.Client,
            { Fault: Fault.Gateway } => OutcomeEnding.Gateway,
            _ => OutcomeEnding.Whole,
        },
        outcome.Microseconds / MicrosecondsPerMillisecond,
        outcome.Client.ToString("x8", CultureInfo.InvariantCulture)) 
    {
        GrpcStatus = outcome.GrpcStatus is > 0 and var status ? status : null,
        Route = outcome.Stratum.ToString(CultureInfo.InvariantCulture),
    };

    internal ResponseOutcome ToOutcome() => new(
        StatusCode,
        Ending switch
        {
            OutcomeEnding.Destination => Fault.Destination,
            OutcomeEnding.Client or OutcomeEnding.Left => Fault.Client,
            OutcomeEnding.Gateway => Fault.Gateway,
            _ => Fault.None,
        },
        (long)Math.Round(Milliseconds * MicrosecondsPerMillisecond),
        Ending is not OutcomeEnding.Client,
        Ending is OutcomeEnding.Upgrade or OutcomeEnding.Closed or OutcomeEnding.Broken,
        NumberOf(Client))
    {
        GrpcStatus = (byte?)GrpcStatus,
        Stratum = byte.TryParse(Route, NumberStyles.None, CultureInfo.InvariantCulture, out var stratum) ? stratum : (byte)HashOf(Route),
        WebSocket = Ending switch
        {
            OutcomeEnding.Broken => WebSocketEnding.Broken,
            OutcomeEnding.Closed => WebSocketEnding.Good,
            _ => WebSocketEnding.NotJudged,
        },
    };

    private string EndingText => GrpcStatus is not { } status ? NameOf(Ending)
        : status == GrpcStatusNames.Missing ? GrpcMissing
        : string.Create(CultureInfo.InvariantCulture, $"{Grpc}{status}");

    // What the gateway has written is the number that it judged by. Of anything else that stands for a client, a number is made.
    private static int NumberOf(string client) =>
        client.Length == HexDigits && int.TryParse(client, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : HashOf(client);

    // FNV-1a: the same in every process, unlike string.GetHashCode, so that a recording is judged the same every time.
    private static int HashOf(string client)
    {
        var hash = 2166136261u;
        foreach (var character in client)
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return unchecked((int)hash);
    }

    private static string NameOf(OutcomeEnding ending) => ending == OutcomeEnding.Whole ? "" : ending.ToString().ToLowerInvariant();

    private static bool TryParseEnding(string text, out OutcomeEnding ending, out int? grpc)
    {
        grpc = null;
        if (text.StartsWith(Grpc, StringComparison.Ordinal))
        {
            ending = OutcomeEnding.Whole;
            grpc = text == GrpcMissing ? GrpcStatusNames.Missing : GrpcStatusNames.TryParseFailure(text[Grpc.Length..], out var status) ? status : null;
            return grpc is not null;
        }

        foreach (var value in Enum.GetValues<OutcomeEnding>())
        {
            if (NameOf(value) == text)
            {
                ending = value;
                return true;
            }
        }

        ending = default;
        return false;
    }
}

/// <summary>How a response ended.</summary>
public enum OutcomeEnding
{
    /// <summary>Whole. Written as nothing.</summary>
    Whole = 0,

    /// <summary>The destination could not be reached, broke off or was too slow.</summary>
    Destination = 1,

    /// <summary>The client went away before the response began; <c>ms</c> is how long it had waited.</summary>
    Client = 2,

    /// <summary>The client went away while the response was sent.</summary>
    Left = 3,

    /// <summary>The gateway ended it.</summary>
    Gateway = 4,

    /// <summary>The connection was handed over, and how it ended says nothing of the API: the gateway has closed the WebSocket, or it was none.</summary>
    Upgrade = 5,

    /// <summary>A WebSocket that the client or the API has closed in an orderly way.</summary>
    Closed = 6,

    /// <summary>A WebSocket that the API broke off.</summary>
    Broken = 7,
}
