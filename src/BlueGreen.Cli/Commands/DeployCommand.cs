using System.CommandLine;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Deploying;
using BlueGreen.Cli.Following;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen deploy</c>.</summary>
internal static class DeployCommand
{
    /// <summary>How long a new deployment may take to become healthy when nobody says how long.</summary>
    public static TimeSpan UsualTimeout { get; } = TimeSpan.FromMinutes(5);

    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time);
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait until the slot is healthy." };
        var force = new Option<bool>("--force") { Description = "Also into a slot that takes traffic, or that a bake may roll back to. Audited." };
        var command = new Command("deploy", "Put a new deployment into the standby slot, and wait until it is healthy. Nothing is switched.").With(
            DeployOptions.Destinations,
            DeployOptions.Version,
            DeployOptions.Slot,
            force,
            noWait,
            ReleaseOptions.ExpectGeneration);
        command.Arguments.Add(service);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var name = await ServiceArgument.ResolveAsync(session, session.Get(service), cancellationToken);
            if (session.Get(DeployOptions.Slot) is null
                && await PreviousRun.GetStatusAsync(session, name, cancellationToken) is var before
                && PreviousRun.HoldsDeployment(before, session.Get(DeployOptions.Destinations)!, session.Get(DeployOptions.Version))
                && await PreviousRun.FindReleaseAsync(session, before, cancellationToken) is { } earlier)
            {
                session.Note($"{before.Active.ToText()} of {name} is active and holds this deployment already, since release {earlier}: nothing was deployed.");
                if (session.IsJson)
                {
                    session.Json((await session.Client.GetAsync(ApiPath.Service(name), cancellationToken)).Json);
                }

                return ExitCodes.Done;
            }

            var deployment = new Deployment(session, new Deadline(session.Time, session.TimeoutOr(UsualTimeout)));
            var (slot, answer) = await deployment.PlaceAsync(
                name, session.Get(DeployOptions.Slot), session.Get(force), session.Get(ReleaseOptions.ExpectGeneration), cancellationToken);
            if (!session.Get(noWait))
            {
                answer = await deployment.WaitAsync(name, slot, cancellationToken);
            }

            var version = session.Get(DeployOptions.Version);
            session.Note($"{slot.ToText()} of {name} holds {version ?? "the new deployment"}{(session.Get(noWait) ? "" : " and is healthy")}. Switch to it: bluegreen cutover {name}");
            if (session.IsJson)
            {
                session.Json(answer.Json);
            }

            return ExitCodes.Done;
        });
    }
}
