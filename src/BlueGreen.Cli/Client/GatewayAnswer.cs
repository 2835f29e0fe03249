using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>An answer of the admin API, as it was sent: what this program does not know of it is passed on, not lost.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body; null where there is none.</param>
/// <param name="Attempts">How often it was asked until this answer came.</param>
/// <param name="At">The gateway's time of day.</param>
/// <param name="Foreign">What there is to say if it turns out not to be a gateway's.</param>
internal sealed record GatewayAnswer(int Status, JsonNode? Json, int Attempts, DateTimeOffset At, ForeignAnswer Foreign)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    public string? Code => (Json as JsonObject)?["code"]?.GetValue<string>();

    /// <summary>The body as a record of the contracts.</summary>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return Json.Deserialize(type) is { } record && AnswerShape.IsKnown(record) ? record : throw NotUnderstood();
        }
        catch (JsonException)
        {
            throw NotUnderstood();
        }
    }

    /// <summary>The success is none of a gateway's, or of one of another version.</summary>
    public CommandFailure NotUnderstood() => CommandFailure.NotReachable(Foreign.Message, $"{Foreign.Hint} If it is a gateway, use the bluegreen of its version.");

    /// <summary>The answer, if it is a success.</summary>
    /// <exception cref="CommandFailure">It is a problem.</exception>
    public GatewayAnswer OrFail() => IsSuccess ? this : throw Failure();

    /// <summary>The problem that the answer is.</summary>
    public CommandFailure Failure() => CommandFailure.FromGateway((JsonObject)Json!.DeepClone(), ExitCodes.Of(Code, Status), Hints.For(Json!));
}
