using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen maintenance</c>.</summary>
internal static class MaintenanceCommand
{
    private const string On = "on";
    private const string Off = "off";

    public static Command Create(TimeProvider time)
    {
        var service = new Argument<string>("service") { HelpName = "service", Description = "The service." };
        var state = new Argument<string>("state") { HelpName = "on|off", Description = "Close it to its clients, or open it again." };
        state.CompletionSources.Add(On, Off);
        var message = new Option<string?>("--message") { Description = "What clients are told.", HelpName = "TEXT" };
        var retryAfter = new Option<TimeSpan?>("--retry-after")
        {
            Description = "When clients should try again: 300, 5m. Default: 5 minutes.",
            HelpName = "DURATION",
            CustomParser = Durations.Parse,
        };
        var command = new Command("maintenance", "Answer every new request of a service with 503, or serve them again. Releases go on. Repeating it changes nothing.").With(
            message, retryAfter, ReleaseOptions.Reason, ReleaseOptions.ExpectGeneration);
        command.Arguments.Add(service);
        command.Arguments.Add(state);
        command.Validators.Add(result =>
        {
            var asked = result.GetResult(state)?.Tokens is [var token] ? token.Value : null;
            if (asked is not (null or On or Off))
            {
                result.AddError($"\"{asked}\" is not allowed: {On} or {Off}.");
            }
            else if (asked == Off && (result.GetValue(message) is not null || result.GetValue(retryAfter) is not null || result.GetValue(ReleaseOptions.Reason) is not null))
            {
                result.AddError("--message, --retry-after and --reason are for on.");
            }
        });
        return command.Does(time, async (session, cancellationToken) =>
        {
            var isOn = session.Get(state) == On;
            var answer = (await session.Client.ChangeAsync(
                isOn ? HttpMethod.Post : HttpMethod.Delete,
                $"{ApiPath.Service(session.Get(service)!)}/maintenance",
                isOn ? Body(session, message, retryAfter) : null,
                GatewayClient.NewIdempotencyKey(),
                session.Get(ReleaseOptions.ExpectGeneration),
                session.ShortDeadline(),
                cancellationToken)).OrFail();
            var status = answer.Read(ContractsJson.Default.ServiceStatus);
            session.Note(status.Maintenance is { } closed
                ? $"{status.Name} is in maintenance: clients get 503, and are to try again after {closed.RetryAfter} s. Open it again: bluegreen maintenance {status.Name} off"
                : $"{status.Name} is open.");
            if (session.IsJson)
            {
                session.Json(answer.Json);
            }

            return ExitCodes.Done;
        });
    }

    private static JsonObject Body(Session session, Option<string?> message, Option<TimeSpan?> retryAfter)
    {
        var body = new JsonObject();
        if (session.Get(message) is { } text)
        {
            body["message"] = text;
        }

        if (session.Get(retryAfter) is { } after)
        {
            body["retryAfter"] = (long)Math.Ceiling(after.TotalSeconds);
        }

        if (session.Get(ReleaseOptions.Reason) is { } reason)
        {
            body["reason"] = reason;
        }

        return body;
    }
}
