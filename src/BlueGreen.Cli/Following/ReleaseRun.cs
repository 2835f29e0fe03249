using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>Orders a release, follows it, and says what became of it: the common part of cutover, rollback, release, approve and watch.</summary>
internal sealed class ReleaseRun
{
    private readonly Session _session;
    private readonly ReleaseFollower _follower;
    private readonly Deadline? _limit;

    public ReleaseRun(Session session)
    {
        _session = session;
        _follower = new ReleaseFollower(session.Client, session.Time);
        _limit = session.Get(GlobalOptions.Timeout) is { } timeout ? new Deadline(session.Time, timeout) : null;
    }

    /// <summary>For the call itself, and for what comes before it.</summary>
    public Deadline CallDeadline => _limit ?? new Deadline(_session.Time, ReleaseOptions.UsualTimeout);

    /// <summary>Orders, and waits as the options say.</summary>
    /// <param name="kind">What is ordered.</param>
    /// <param name="path">The call.</param>
    /// <param name="body">Its body.</param>
    /// <param name="wait">For what.</param>
    /// <param name="expectGeneration">Only if the service is still at this generation; null for whatever it is.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public async Task<int> OrderAsync(ReleaseKind kind, string path, JsonObject body, WaitFor wait, long? expectGeneration, CancellationToken cancellationToken)
    {
        var key = _session.Get(ReleaseOptions.IdempotencyKey) ?? GatewayClient.NewIdempotencyKey();
        var answer = await ChangeAsync(path, body, key, expectGeneration, CallDeadline, cancellationToken);
        if (!answer.IsSuccess)
        {
            ReleaseSummary.Write(_session, answer.Json!["release"]);
            throw answer.Failure();
        }

        if ((answer.Json as JsonObject)?["changed"] is JsonValue changed && changed.TryGetValue<bool>(out var hasChanged) && !hasChanged)
        {
            var services = answer.Read(ContractsJson.Default.NothingToDo).Services;
            _session.Note($"{string.Join(", ", services.Select(service => $"{service.Name} is on {service.Active.ToText()}"))}: nothing to do, nothing was changed.");
            return Print(answer.Json);
        }

        var release = answer.Read(ContractsJson.Default.Release);
        if (kind == ReleaseKind.Rollback && release.Kind == ReleaseKind.Cutover)
        {
            return await UndoneAsync(release, answer, wait, cancellationToken);
        }

        if (_session.Get(ReleaseOptions.NoWait))
        {
            _session.Note($"Release {release.Id} has started. Follow it: bluegreen watch --release {release.Id}");
            return Print(answer.Json);
        }

        return await FollowAsync(release.Id, wait, cancellationToken);
    }

    /// <summary>Waits for a release that is there already.</summary>
    public async Task<int> FollowAsync(string id, WaitFor wait, CancellationToken cancellationToken)
    {
        try
        {
            var reached = await _follower.FollowAsync(id, wait, _limit, CreateView(), cancellationToken);
            ReleaseSummary.Write(_session, reached.Raw);
            return Conclude(reached);
        }
        catch (CommandFailure failure) when (failure.Code is "timed-out" or "release-held" && _session.Get(ReleaseOptions.RollBackOnFailure))
        {
            throw await TakeBackAsync(id, failure, cancellationToken);
        }
        catch (CommandFailure failure) when (failure.Problem["release"] is JsonObject release && failure.Code is "timed-out" or "release-held" or "gateway-not-reachable")
        {
            ReleaseSummary.Write(_session, failure.Problem["release"]);
            throw;
        }
    }

    // A cutover that had not switched: whoever rolls back wants the old slot to have all of the traffic, and it has.
    private async Task<int> UndoneAsync(Release release, GatewayAnswer answer, WaitFor wait, CancellationToken cancellationToken)
    {
        var document = (JsonNode?)answer.Json;
        if (release.Status == ReleaseStatus.Reverting && wait > WaitFor.Switched && !_session.Get(ReleaseOptions.NoWait))
        {
            var ended = await _follower.FollowAsync(release.Id, WaitFor.Completed, _limit, CreateView(), cancellationToken);
            (release, document) = (ended.Release, ended.Raw);
        }

        ReleaseSummary.Write(_session, document);
        _session.Note(release.Shift?.Reversal is { } reversal
            ? $"Release {release.Id}: the shift is {(release.Status.IsEnded() ? release.Detail : ShiftLines.Reverting(release, reversal))}. Everybody goes to {string.Join(" and ", release.Services.Select(service => service.From.ToText()).Distinct(StringComparer.Ordinal))} again."
            : $"Release {release.Id} was aborted before its switch: nothing was switched.");
        return Print(document);
    }

    private async Task<GatewayAnswer> ChangeAsync(string path, JsonObject? body, string key, long? expectGeneration, Deadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            return await _session.Client.ChangeAsync(HttpMethod.Post, path, body, key, expectGeneration, deadline, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw CommandRunner.Interrupted(
                "Stopped before the gateway has answered: the call may have taken effect or not.",
                $"Repeat it with --idempotency-key {key}, or look: bluegreen status");
        }
    }

    private IReleaseView CreateView() =>
        _session.IsTerminal ? new LiveView(_session.Terminal)
        : _session.IsJson ? new LinesView(_session.Get(ReleaseOptions.Progress) ? Console.Error : null)
        : new LinesView(Console.Out);

    private int Conclude(ReleaseSnapshot reached)
    {
        var release = reached.Release;
        var exitCode = release.Status.IsEnded() ? ExitCodes.Of(release.Status) : ExitCodes.Done;
        if (exitCode != ExitCodes.Done)
        {
            throw ReleaseEnd.Of(reached, exitCode);
        }

        var active = string.Join(", ", release.Services.Select(service => $"{service.Name} is on {service.To.ToText()}"));
        _session.Note(release switch
        {
            { SwitchedAt: null, Shift: { } shift } => $"Shifting: {ShiftLines.Where(release, shift, reached.At)}. {ShiftLines.WhatNow(release)}",
            _ when release.Status.IsEnded() => $"Done: {active}. Release {reached.Id} {Names.Of(release.Status)}: {release.Detail}.",
            _ => $"Switched: {active}. Release {reached.Id} is {Standing(release)}. Take it back: bluegreen rollback --release {reached.Id}",
        });
        return Print(reached.Raw);
    }

    private static string Standing(Release release) => HeldRelease.Is(release) ? HeldRelease.Describe(release) : $"{Names.Of(release.Status)}{Until(release)}";

    private static string Until(Release release) =>
        release.Bake is { EndsAt: { } end, DurationSeconds: > 0 } ? $", its bake ends at {end.UtcDateTime:HH:mm:ss} UTC" : "";

    private async Task<CommandFailure> TakeBackAsync(string id, CommandFailure failure, CancellationToken cancellationToken)
    {
        // The time that was given is over; the way back has a time of its own.
        _session.Client.EndLimit();
        var status = (await _follower.LookAsync(id, cancellationToken)).Release.Status;
        var before = status.IsBeforeSwitch();
        var deadline = new Deadline(_session.Time, ReleaseOptions.UsualTimeout);
        var answer = before ? await ChangeAsync($"{ApiPath.Release(id)}/abort", null, GatewayClient.NewIdempotencyKey(), null, deadline, cancellationToken) : null;
        if (answer is null or { Code: ProblemCodes.WrongStatus })
        {
            // It has switched by now, or its shift is being taken back by itself.
            answer = await ChangeAsync(
                "/v1/rollback",
                new JsonObject { ["release"] = id, ["reason"] = $"not there within --timeout: {failure.Message}" },
                GatewayClient.NewIdempotencyKey(),
                null,
                deadline,
                cancellationToken);
            before = answer.IsSuccess && answer.Json!["kind"]?.GetValue<string>() == "cutover";
        }

        if (!answer.IsSuccess)
        {
            return NotTakenBack(failure, before, answer.Json!["detail"]?.GetValue<string>(), answer.Json);
        }

        var by = before ? null : answer.Json!["id"]?.GetValue<string>();
        if (by is not null)
        {
            var back = await _follower.FollowAsync(by, WaitFor.Switched, new Deadline(_session.Time, ReleaseOptions.UsualTimeout), CreateView(), cancellationToken);
            if (back.Release.SwitchedAt is null)
            {
                return NotTakenBack(failure, before, back.Release.Detail, back.Raw);
            }
        }

        var ended = await _follower.LookAsync(id, cancellationToken);
        ReleaseSummary.Write(_session, ended.Raw);
        return before
            ? CommandFailure.Of(ExitCodes.TimedOut, "timed-out", "Not there in time", $"{failure.Message} It was aborted: {(ended.Release.Shift?.Reversal is null ? "nothing was switched" : "its shift is taken back")}.", null, ("releaseId", id), ("release", ended.Raw.DeepClone()))
            : CommandFailure.Of(
                ExitCodes.RolledBack,
                "rolled-back",
                "The release was rolled back",
                $"{failure.Message} It was rolled back{(by is null ? "" : $" by release {by}")}.",
                null,
                ("releaseId", id),
                ("release", ended.Raw.DeepClone()));
    }

    private static CommandFailure NotTakenBack(CommandFailure failure, bool before, string? why, JsonNode? answer) => CommandFailure.Of(
        failure.ExitCode,
        failure.Code!,
        "Not there in time",
        $"{failure.Message} It could not be {(before ? "aborted" : "rolled back")}: {why}",
        failure.Hint,
        ("releaseId", failure.Problem["releaseId"]?.DeepClone()),
        ("release", failure.Problem["release"]?.DeepClone()),
        ("refused", answer?.DeepClone()));

    private int Print(JsonNode? document)
    {
        if (_session.IsJson)
        {
            _session.Json(document);
        }

        return ExitCodes.Done;
    }
}
