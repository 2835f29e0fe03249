using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Deploying;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Mirroring;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen cutover</c>.</summary>
internal static class CutoverCommand
{
    public static Command Create(TimeProvider time)
    {
        var services = ServiceArgument.Several(time);
        var command = new Command("cutover", "Switch to the standby slot: verify it, switch (at once, step by step or by evidence), drain the old slot, bake.");
        command.Arguments.Add(services);
        command.With(
            ReleaseOptions.To,
            ReleaseOptions.ExpectVersion,
            ReleaseOptions.Reason,
            ShiftingOptions.Steps,
            ShiftingOptions.ByEvidence,
            ShiftingOptions.MinDuration,
            ShiftingOptions.AtOnce,
            ReleaseOptions.Bake,
            ReleaseOptions.Drain,
            ReleaseOptions.RequireApproval,
            ReleaseOptions.RetryKnownBad,
            MirrorGateOptions.Requests,
            MirrorGateOptions.Difference,
            HoldOptions.Exclusive,
            HoldOptions.MaxTime,
            HoldOptions.MaxRequests,
            HoldOptions.OnTimeout,
            HoldOptions.Streams,
            ReleaseOptions.Force,
            ReleaseOptions.Wait,
            ReleaseOptions.NoWait,
            ReleaseOptions.RollBackOnFailure,
            ReleaseOptions.ExpectGeneration,
            ReleaseOptions.IdempotencyKey,
            ReleaseOptions.Summary,
            ReleaseOptions.Progress);
        command.Validators.Add(result =>
        {
            if (result.GetValue(services) is { Length: > 1 } && result.GetResult(ReleaseOptions.ExpectGeneration) is not null)
            {
                result.AddError("--expect-generation names the generation of one service, and several are given.");
            }

            if (result.GetValue(ReleaseOptions.NoWait) && result.GetValue(ReleaseOptions.RollBackOnFailure))
            {
                result.AddError("--rollback-on-failure has nothing to look at with --no-wait.");
            }
        });
        command.Validators.Add(ReleaseOptions.CheckWait);
        command.Validators.Add(ShiftingOptions.Check);
        command.Validators.Add(HoldOptions.Check);
        return command.Does(time, (session, cancellationToken) => RunAsync(session, session.Get(services) ?? [], cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string[] services, CancellationToken cancellationToken)
    {
        var run = new ReleaseRun(session);
        var body = Body(session);
        string path;
        if (services.Length > 1)
        {
            body["services"] = new JsonArray([.. services.Select(service => JsonValue.Create(service))]);
            path = "/v1/cutover";
        }
        else
        {
            var service = await ServiceArgument.ResolveAsync(session, services.FirstOrDefault(), cancellationToken);
            path = $"{ApiPath.Service(service)}/cutover";

            // The standby is where the old version is by now: whoever asks for the version that is active means the release that was.
            if (session.Get(ReleaseOptions.To) is null
                && session.Get(ReleaseOptions.ExpectVersion) is { } version
                && await PreviousRun.GetStatusAsync(session, service, cancellationToken) is var status
                && PreviousRun.IsActive(status, version)
                && await PreviousRun.FindReleaseAsync(session, status, cancellationToken) is { } earlier)
            {
                session.Note($"{service} is on {status.Active.ToText()}, which holds {version}, since release {earlier}.");
                return await run.FollowAsync(earlier, session.Get(ReleaseOptions.Wait) ?? WaitFor.Switched, cancellationToken);
            }
        }

        return await run.OrderAsync(ReleaseKind.Cutover, path, body, session.Get(ReleaseOptions.Wait) ?? WaitFor.Switched, session.Get(ReleaseOptions.ExpectGeneration), cancellationToken);
    }

    /// <summary>The body that the options ask for; what was not given is left to the gateway.</summary>
    public static JsonObject Body(Session session)
    {
        var body = new JsonObject();
        Set("to", session.Get(ReleaseOptions.To));
        Set("expectVersion", session.Get(ReleaseOptions.ExpectVersion));
        Set("reason", session.Get(ReleaseOptions.Reason));
        Set("bakeSeconds", session.Get(ReleaseOptions.Bake)?.TotalSeconds);
        Set("drainSeconds", session.Get(ReleaseOptions.Drain)?.TotalSeconds);
        Set("requireApproval", session.Get(ReleaseOptions.RequireApproval) ? true : null);
        Set("retryKnownBad", session.Get(ReleaseOptions.RetryKnownBad) ? true : null);
        Set("force", session.Get(ReleaseOptions.Force) ? true : null);
        ShiftingOptions.AddTo(body, session);
        Set("gates", MirrorGateOptions.Gates(session));
        Set("hold", HoldOptions.Plan(session));
        return body;

        void Set(string name, JsonNode? value)
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }
    }
}
