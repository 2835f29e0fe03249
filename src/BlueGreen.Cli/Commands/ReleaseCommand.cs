using System.CommandLine;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Deploying;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen release</c>: deploy, then cutover.</summary>
internal static class ReleaseCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time);
        var command = new Command("release", "deploy && cutover in one: a pipeline in one line.").With(
            DeployOptions.Destinations,
            DeployOptions.Version,
            ReleaseOptions.Reason,
            ShiftingOptions.Steps,
            ShiftingOptions.ByEvidence,
            ShiftingOptions.MinDuration,
            ShiftingOptions.AtOnce,
            ReleaseOptions.Bake,
            ReleaseOptions.Drain,
            ReleaseOptions.RequireApproval,
            ReleaseOptions.RetryKnownBad,
            ReleaseOptions.Force,
            ReleaseOptions.WaitCompleted,
            ReleaseOptions.RollBackOnFailure,
            ReleaseOptions.IdempotencyKey,
            ReleaseOptions.Summary,
            ReleaseOptions.Progress);
        command.Arguments.Add(service);
        command.Validators.Add(ShiftingOptions.Check);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var name = await ServiceArgument.ResolveAsync(session, session.Get(service), cancellationToken);
            var run = new ReleaseRun(session);
            var before = await PreviousRun.GetStatusAsync(session, name, cancellationToken);
            if (PreviousRun.HoldsDeployment(before, session.Get(DeployOptions.Destinations)!, session.Get(DeployOptions.Version))
                && await PreviousRun.FindReleaseAsync(session, before, cancellationToken) is { } earlier)
            {
                session.Note($"Release {earlier} has switched {name} to this deployment already.");
                return await run.FollowAsync(earlier, session.Get(ReleaseOptions.WaitCompleted) ?? WaitFor.Completed, cancellationToken);
            }

            var deployment = new Deployment(session, session.Get(GlobalOptions.Timeout) is null ? new Deadline(session.Time, DeployCommand.UsualTimeout) : run.CallDeadline);
            var (slot, placed) = await deployment.PlaceAsync(name, slot: null, force: false, expectGeneration: null, cancellationToken);
            var ready = await deployment.WaitAsync(name, slot, cancellationToken);
            session.Note($"{slot.ToText()} of {name} is healthy.");
            var body = CutoverCommand.Body(session);
            body["to"] = slot.ToText();
            if (session.Get(DeployOptions.Version) is { } version && Deployment.ReportsVersion(ready, slot))
            {
                body["expectVersion"] = version;
            }

            // What is switched to is what was deployed here: whoever deploys something else meanwhile has changed the generation.
            var generation = ready.Read(ContractsJson.Default.ServiceStatus).Generation;
            return await run.OrderAsync(ReleaseKind.Cutover, $"{ApiPath.Service(name)}/cutover", body, session.Get(ReleaseOptions.WaitCompleted) ?? WaitFor.Completed, generation, cancellationToken);
        });
    }
}
