using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen rollback</c>.</summary>
internal static class RollbackCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time);
        var release = new Option<string?>("--release")
        {
            Description = "Take back this release, with all of its services in one step; refused when one of them was switched again since. What a pipeline should use.",
            HelpName = "ID",
        };
        var command = new Command("rollback", "Switch back to the slot that was active before, at once; a shift is taken back. Repeating it changes nothing.");
        command.Arguments.Add(service);
        command.With(
            release,
            ReleaseOptions.Reason,
            ReleaseOptions.Force,
            ReleaseOptions.Wait,
            ReleaseOptions.NoWait,
            ReleaseOptions.ExpectGeneration,
            ReleaseOptions.IdempotencyKey,
            ReleaseOptions.Summary,
            ReleaseOptions.Progress);
        command.Validators.Add(result =>
        {
            if (result.GetValue(service) is not null && result.GetValue(release) is not null)
            {
                result.AddError("Give a service or --release, not both.");
            }
        });
        command.Validators.Add(ReleaseOptions.CheckWait);
        return command.Does(time, (session, cancellationToken) => RunAsync(session, session.Get(service), session.Get(release), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string? service, string? release, CancellationToken cancellationToken)
    {
        var body = CutoverCommand.Body(session);
        string path;
        if (release is not null)
        {
            body["release"] = release;
            path = "/v1/rollback";
        }
        else
        {
            path = $"{ApiPath.Service(await ServiceArgument.ResolveAsync(session, service, cancellationToken))}/rollback";
        }

        return await new ReleaseRun(session).OrderAsync(ReleaseKind.Rollback, path, body, session.Get(ReleaseOptions.Wait) ?? WaitFor.Switched, session.Get(ReleaseOptions.ExpectGeneration), cancellationToken);
    }
}
