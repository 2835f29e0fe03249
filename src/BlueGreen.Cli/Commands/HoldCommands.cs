using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen hold</c>, and its part of <c>bluegreen resume</c>.</summary>
internal static class HoldCommands
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    public static Command Hold(TimeProvider time)
    {
        var service = Service();
        var maxTime = HoldOptions.CreateTime("--max-time", "When the hold ends by itself: 5s, 500ms. Default: as configured, 10 s.");
        var maxRequests = HoldOptions.CreateRequests("--max-requests", "How many requests may wait at once; more get 503. Default: as configured, 1000.");
        var untilIdle = new Option<bool>("--until-idle") { Description = "Wait until nothing is in flight on either slot. If the hold ends first: exit code 4." };
        var command = new Command("hold", "Let the new requests of a service wait at the gateway, for a moment, such as for a migration. Repeating it changes nothing.").With(
            maxTime, maxRequests, untilIdle, ReleaseOptions.Reason, ReleaseOptions.ExpectGeneration);
        command.Arguments.Add(service);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var body = HoldOptions.Limits(session, maxTime, maxRequests);
            SetReason(session, body);
            var answer = await ChangeAsync(session, session.Get(service)!, "hold", body, cancellationToken);
            var status = answer.Read(ContractsJson.Default.ServiceStatus);
            if (status.Hold is { } hold)
            {
                session.Note($"{status.Name} is held until {hold.EndsAt.UtcDateTime:HH:mm:ss} UTC at the latest: new requests wait, at most {hold.MaxRequests}. Let them go on: bluegreen resume {status.Name}");
            }

            if (session.Get(untilIdle))
            {
                answer = await UntilIdleAsync(session, status, answer, cancellationToken);
            }

            return Print(session, answer);
        });
    }

    /// <summary>Lets the requests of a service go on.</summary>
    public static async Task<int> ResumeAsync(Session session, string service, CancellationToken cancellationToken)
    {
        var body = new JsonObject();
        SetReason(session, body);
        var answer = await ChangeAsync(session, service, "resume", body, cancellationToken);
        session.Note($"{answer.Read(ContractsJson.Default.ServiceStatus).Name} is not held: its requests go on.");
        return Print(session, answer);
    }

    private static Argument<string> Service() => new("service") { HelpName = "service", Description = "The service." };

    private static void SetReason(Session session, JsonObject body)
    {
        if (session.Get(ReleaseOptions.Reason) is { } reason)
        {
            body["reason"] = reason;
        }
    }

    private static async Task<GatewayAnswer> ChangeAsync(Session session, string service, string action, JsonObject body, CancellationToken cancellationToken) => (await session.Client.ChangeAsync(
        HttpMethod.Post,
        $"{ApiPath.Service(service)}/{action}",
        body,
        GatewayClient.NewIdempotencyKey(),
        session.Get(ReleaseOptions.ExpectGeneration),
        session.ShortDeadline(),
        cancellationToken)).OrFail();

    private static async Task<GatewayAnswer> UntilIdleAsync(Session session, ServiceStatus status, GatewayAnswer answer, CancellationToken cancellationToken)
    {
        var service = status.Name;
        while (status.Hold is { Idle: false })
        {
            await Task.Delay(PollInterval, session.Time, cancellationToken);
            answer = await session.Client.GetAsync(ApiPath.Service(service), cancellationToken);
            status = answer.Read(ContractsJson.Default.ServiceStatus);
        }

        if (status.Hold is null)
        {
            throw CommandFailure.Of(
                ExitCodes.TimedOut,
                "timed-out",
                "Not idle in time",
                $"The hold of {service} has ended before nothing was in flight: {string.Join(", ", SlotNames.All.Select(slot => $"{Names.Kinds(status.Slots.Of(slot).InFlight)} on {slot.ToText()}"))}. Its requests go on.",
                null);
        }

        session.Note($"{service} is idle: nothing is in flight on either slot.");
        return answer;
    }

    private static int Print(Session session, GatewayAnswer answer)
    {
        if (session.IsJson)
        {
            session.Json(answer.Json);
        }

        return ExitCodes.Done;
    }
}
