using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Deploying;

/// <summary>Puts new destinations into a slot, and waits until each of them has passed its probes and reports what was deployed.</summary>
internal sealed class Deployment(Session session, Deadline deadline)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>Deploys.</summary>
    /// <param name="service">The service.</param>
    /// <param name="slot">The slot; null for the standby.</param>
    /// <param name="force">Also into a slot that is needed.</param>
    /// <param name="expectGeneration">Only if the service is still at this generation.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <returns>The slot, and the service as it was acknowledged.</returns>
    public async Task<(SlotName Slot, GatewayAnswer Answer)> PlaceAsync(
        string service, string? slot, bool force, long? expectGeneration, CancellationToken cancellationToken)
    {
        if (!SlotNames.TryParse(slot, out var target))
        {
            // The standby of this moment. After a switch in between it takes traffic: the gateway refuses that, and where it is forced not
            // to, the generation does.
            var now = (await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus);
            target = now.Standby;
            expectGeneration ??= force ? now.Generation : null;
        }

        var destinations = session.Get(DeployOptions.Destinations)!;
        var body = new JsonObject
        {
            ["destinations"] = new JsonObject(destinations.Select(destination =>
                KeyValuePair.Create<string, JsonNode?>(destination.Id, new JsonObject { ["address"] = destination.Address }))),
        };
        if (session.Get(DeployOptions.Version) is { } version)
        {
            body["version"] = version;
        }

        if (force)
        {
            body["force"] = true;
        }

        var path = $"{ApiPath.Service(service)}/slots/{target.ToText()}";
        var answer = await session.Client.ChangeAsync(HttpMethod.Put, path, body, GatewayClient.NewIdempotencyKey(), expectGeneration, deadline, cancellationToken);
        if (answer is { Code: ProblemCodes.StaleGeneration, Attempts: > 1 } && await HasTakenEffectAsync(service, target, destinations, expectGeneration, cancellationToken) is { } done)
        {
            return (target, done);
        }

        return (target, answer.OrFail());
    }

    /// <summary>Waits until the slot is healthy by probes that were made after the deployment.</summary>
    /// <exception cref="CommandFailure">Not healthy in time.</exception>
    public async Task<GatewayAnswer> WaitAsync(string service, SlotName slot, CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            string why;
            GatewayGoneException? gone = null;
            try
            {
                var answer = (await session.Client.TryGetAsync(ApiPath.Service(service), cancellationToken)).OrFail();
                var missing = Missing(answer.Read(ContractsJson.Default.ServiceStatus).Slots.Of(slot));
                if (missing is null)
                {
                    return answer;
                }

                why = missing;
            }
            catch (GatewayGoneException exception)
            {
                gone = exception;
                why = exception.Message;
            }

            if (why != told)
            {
                told = why;
                session.Note($"Waiting for {slot.ToText()} of {service}: {why}");
            }

            if (deadline.IsOver)
            {
                throw gone is null
                    ? CommandFailure.Of(
                        ExitCodes.TimedOut,
                        "timed-out",
                        "Not healthy in time",
                        $"{slot.ToText()} of {service} holds the new deployment, and is not healthy after {deadline.After.TotalSeconds:0.#} s: {why}. Nothing was switched.",
                        $"Look: bluegreen status {service}")
                    : CommandFailure.NotReachable($"{why} The new deployment is in {slot.ToText()} of {service}; nothing was switched.", gone.Hint);
            }

            await PauseAsync(service, slot, cancellationToken);
        }
    }

    private async Task PauseAsync(string service, SlotName slot, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(LookAgain, session.Time, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw CommandRunner.Interrupted($"Stopped waiting. {slot.ToText()} of {service} holds the new deployment; nothing was switched.", $"Look: bluegreen status {service}");
        }
    }

    /// <summary>Whether the destinations of the slot say which version they are.</summary>
    public static bool ReportsVersion(GatewayAnswer answer, SlotName slot) =>
        answer.Read(ContractsJson.Default.ServiceStatus).Slots.Of(slot).Destinations.Any(destination => destination.LastProbe?.Report?.Version is not null);

    // The first try was acknowledged, and the acknowledgement lost: then the generation is one further, with our destinations.
    private async Task<GatewayAnswer?> HasTakenEffectAsync(
        string service, SlotName slot, Destination[] destinations, long? expected, CancellationToken cancellationToken)
    {
        var answer = await session.Client.GetAsync(ApiPath.Service(service), cancellationToken);
        var status = answer.Read(ContractsJson.Default.ServiceStatus);
        return status.Generation == expected + 1
            && destinations.Select(destination => destination.Address).ToHashSet(StringComparer.Ordinal)
                .SetEquals(status.Slots.Of(slot).Destinations.Select(destination => destination.Address))
            ? answer
            : null;
    }

    private string? Missing(SlotStatus slot)
    {
        if (slot.Destinations.Count == 0)
        {
            return "it has no destinations";
        }

        var version = session.Get(DeployOptions.Version);
        var missing = slot.Destinations.Select(destination => Missing(destination, version)).OfType<string>().ToList();
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }

    private static string? Missing(DestinationStatus destination, string? version) => destination switch
    {
        { LastProbe: null } => $"{destination.Id} is not probed yet",
        { LastProbe.Passed: false } => $"{destination.Id}: {destination.LastProbe.Reason}",
        { Health: not HealthState.Healthy } => $"{destination.Id} passes, and is not yet healthy",

        // A destination that stayed has a health from before; its process may have been replaced since. Only the gateway knows which
        // probes began after the deployment: the first of them may have ended before its acknowledgement was sent.
        { Pending: true } => $"{destination.Id} is not probed since the deployment",
        _ when version is not null && destination.LastProbe!.Report?.Version is { } reported && reported != version => $"{destination.Id} reports {reported}, and {version} was deployed",
        _ => null,
    };
}
