using System.Text.Json.Nodes;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>What the document says of an operation beyond what its endpoint's types say.</summary>
internal sealed record OperationNotes(string Description)
{
    /// <summary>Headers and query parameters that are read from the request itself.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <summary>The problems that it can be answered with, beside those of every operation.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public Func<JsonNode>? Request { get; init; }

    public IReadOnlyList<(int Status, string Name, Func<JsonNode> Value)> Answers { get; init; } = [];

    /// <summary>What an answer means, where the status does not say it.</summary>
    public IReadOnlyList<(int Status, string Text)> Meanings { get; init; } = [];

    /// <summary>The answer 200 when there was nothing to do, where there is one.</summary>
    public Func<JsonNode>? NothingToDo { get; init; }

    public IReadOnlyList<AnswerHeader> Headers { get; init; } = [];

    public bool IsStream { get; init; }

    /// <summary>Whether a call without a token is answered too, with less.</summary>
    public bool IsTokenOptional { get; init; }
}

/// <summary>A header of some answers of an operation.</summary>
internal sealed record AnswerHeader(string Name, string Description, IReadOnlyList<int> Statuses, bool IsRequired = false, bool IsInteger = false);

/// <summary>The notes of every operation, by its id.</summary>
internal static class Operations
{
    private static readonly string[] OfBody = [ProblemCodes.BodyTooLarge, ProblemCodes.UnsupportedMediaType];

    private static readonly AnswerHeader ETag = new("ETag", "The service's generation in quotes, for `If-Match`.", [200], IsRequired: true);

    private static readonly AnswerHeader Link = new("Link", "The next page: `</v1/…?before=…&limit=…>; rel=\"next\"`. Not there on the last one.", [200]);

    public static IReadOnlyDictionary<string, OperationNotes> All { get; } = new Dictionary<string, OperationNotes>(StringComparer.Ordinal)
    {
        ["listServices"] = new("The status of every service, in the order of their names.") { Answers = [(200, "services", Examples.Services)] },
        ["getService"] = new("Which slot is active, what both slots hold and how healthy they are, and the release that runs. `ETag` is for `If-Match` of a change.")
        {
            Problems = [ProblemCodes.UnknownService],
            Headers = [ETag],
            Answers = [(200, "service", Examples.Service)],
        },
        ["preflight"] = new("Evaluates the gates of a cutover by fresh measurement and changes nothing. Warm-up requests and hooks are named and left to the cutover.")
        {
            Problems = [ProblemCodes.UnknownService],
            Answers = [(200, "passed", Examples.Preflight)],
        },
        ["deploy"] = new("Replaces the destinations of a slot. Answered once requests can go there. Repeating it with the same destinations and version changes nothing. "
            + "Repeating it under its `Idempotency-Key` after another deployment has taken its place changes nothing either, and is 409 `deployment-replaced`.")
        {
            Parameters = [Parameters.Force, Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems =
            [
                .. OfBody, ProblemCodes.UnknownService, ProblemCodes.ReleaseInProgress, ProblemCodes.SlotActive, ProblemCodes.SlotRetained, ProblemCodes.ConfigurationRefused,
                ProblemCodes.DeploymentReplaced,
                ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable,
            ],
            Headers = [ETag],
            Request = Examples.Deploy,
            Answers = [(200, "service", Examples.Service)],
        },
        ["beginMaintenance"] = new(
            "Every new request of the service is answered 503 with `Retry-After` and the message. Requests in flight finish, and long-lived connections stay open; health probes, deployments and "
            + "releases go on. Kept over a restart. Repeating it changes nothing; with another message or `retryAfter` it changes those.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Headers = [ETag],
            Request = Examples.Maintenance,
            Answers = [(200, "service", Examples.ClosedService)],
        },
        ["endMaintenance"] = new("Requests that start from now on are served again. Repeating it changes nothing.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Headers = [ETag],
            Answers = [(200, "service", Examples.Service)],
        },
        ["hold"] = new(
            "New requests wait at the gateway, unread and in the order in which they come, until `resume`, or until `maxSeconds` are over. Requests in flight finish, and long-lived connections stay open: `hold.idle` of the "
            + "status says when nothing is in flight any more. Health probes, deployments and releases go on; previews are refused. More than `maxRequests` are answered 503 with `Retry-After`. Repeating it changes nothing, and "
            + "does not make the hold longer; with other limits it changes those, counted from its beginning. Refused while a release switches the service exclusively. Ends when the gateway stops.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.ReleaseInProgress, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Headers = [ETag],
            Request = Examples.Hold,
            Answers = [(200, "service", Examples.HeldService)],
        },
        ["resume"] = new("The waiting requests go on, in the order in which they came, to the slot that is active then. Repeating it changes nothing.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.ReleaseInProgress, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Headers = [ETag],
            Request = Examples.Resume,
            Answers = [(200, "service", Examples.Service)],
        },
        ["createPreviewToken"] = new(
            "A signed token for one service and slot. Requests that present it in `X-BlueGreen-Preview`, or in the cookie that a browser gets by the link, are served by that slot; they are not measured, and no drain waits "
            + "for them. `standby` follows every switch. The key that signs is made with the first token. Under its `Idempotency-Key` the same call gets the same token, or 409 `preview-token-gone` when it counts no longer.")
        {
            Parameters = [Parameters.IdempotencyKey],
            Problems =
            [
                .. OfBody, ProblemCodes.UnknownService, ProblemCodes.TooManyPreviewTokens, ProblemCodes.PreviewTokenGone, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable,
            ],
            Request = Examples.WantedPreviewToken,
            Answers = [(201, "token", Examples.CreatedPreviewToken)],
        },
        ["listPreviewTokens"] = new("The tokens that have neither expired nor been revoked, oldest first; never the tokens themselves.")
        {
            Problems = [ProblemCodes.UnknownService],
            Answers = [(200, "tokens", Examples.PreviewTokens)],
        },
        ["revokePreviewToken"] = new("Requests that start from now on are refused with the token; those that are open go on. Repeating it changes nothing. A token that has expired is forgotten, and is 404.")
        {
            Parameters = [Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.UnknownPreviewToken, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Answers = [(200, "revoked", Examples.RevokedPreviewToken)],
        },
        ["rotatePreviewKey"] = new(
            "Signs tokens of all services with a new key from now on. The key before verifies until the last of its tokens has expired, and no token that ends later; with `revoke` all tokens count no longer, at once.")
        {
            Parameters = [Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Request = Examples.KeyRotation,
            Answers = [(200, "rotated", Examples.RotatedKey)],
        },
        ["startMirror"] = new(
            "Sends copies of requests that the active slot serves to the standby as well, whose answers nobody gets. Clients wait for no copy, and no copy fails a request. A mirror lasts `seconds` at most and ends earlier with "
            + "the first change of the service: a release, a deployment, a hold, maintenance. It is not stored: it ends with the process too. Requests of methods other than GET and HEAD are carried out twice. "
            + "The same order again changes nothing; another one replaces the mirror. Refused while a release of the service runs, and while it is held.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems =
            [
                .. OfBody, ProblemCodes.UnknownService, ProblemCodes.ReleaseInProgress, ProblemCodes.ServiceHeld, ProblemCodes.MirrorKeyUnreadable, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable,
            ],
            Request = Examples.WantedMirror,
            Answers = [(200, "mirror", Examples.Mirror)],
        },
        ["getMirror"] = new("What the mirror has counted since it began. Of the one that ran last until the next one begins, or the gateway stops.")
        {
            Problems = [ProblemCodes.UnknownService],
            Answers = [(200, "mirror", Examples.Mirror)],
        },
        ["stopMirror"] = new("No copy begins from now on, and those under way are canceled. Repeating it changes nothing.")
        {
            Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
            Problems = [.. OfBody, ProblemCodes.UnknownService, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
            Answers = [(200, "ended", Examples.EndedMirror)],
        },
        ["cutover"] = Order("Starts a release of one service to its standby, or to `to`. Without `Prefer: wait` it is answered at once, with the release as it begins. With `shift` the traffic moves step by step or by evidence: the release is `shifting` until all of it has moved, which is the switch.", Examples.Cutover)
            with { NothingToDo = Examples.NothingToDo },
        ["rollback"] = Order(
            "Switches back to the slot that was active before. It is a release of its own, without a bake. A cutover that has not switched yet is aborted instead: that is answered with 200 and the aborted cutover.",
            Examples.Rollback) with { NothingToDo = Examples.NothingToDo },
        ["cutoverGroup"] = Order("All gates of all services, then one switch for all, or none. A service that is on `to` already is left out.", Examples.GroupCutover)
            with { NothingToDo = Examples.NothingToDo },
        ["rollbackGroup"] = Order("Takes back a release with all of its services in one step; refused when one of them was switched again since.", Examples.GroupRollback)
            with { NothingToDo = Examples.NothingToDo },
        ["listReleases"] = new("The history, newest first.")
        {
            Problems = [ProblemCodes.UnknownService],
            Headers = [Link],
            Answers = [(200, "releases", Examples.Releases)],
        },
        ["getRelease"] = new("One release, running or ended.") { Problems = [ProblemCodes.UnknownRelease], Answers = [(200, "release", Examples.Release)] },
        ["getReleaseTimeline"] = new(
            "One release over time, for a picture: its steps, its weights, and the evidence against its threshold. The evidence is kept with at most 240 points per metric, as long as the release runs and for the 100 releases that ended last; "
            + "of older ones `evidence` is `notKept`.")
        {
            Problems = [ProblemCodes.UnknownRelease],
            Answers = [(200, "timeline", Examples.Timeline)],
        },
        ["approve"] = Step("Lets a release go on that waits for approval; its gates are evaluated again. Repeating it changes nothing."),
        ["abort"] = Step("Ends a release before its switch; nothing is switched. A shift is taken back: everybody goes to the old slot at once, and the release ends when the new one has drained. Repeating it changes nothing."),
        ["pause"] = Step("Keeps a shift at its weight until `resume`; the time of its step stops. Repeating it changes nothing."),
        ["resumeShift"] = Step("Lets a shift go on that was paused, or that waits for somebody because of what was found; it is judged anew then. Repeating it changes nothing."),
        ["promote"] = Step(
            "Goes on to the next step of a shift now, or to the weight in `to`; after the last step, and with `to=100`, all of the traffic is switched. A shift by evidence has no steps: its weight doubles. Send an `Idempotency-Key` or `If-Match` with a call that may be repeated: without `to` each call is one step. The new slot is probed first, and one that is not healthy gets no more traffic unless `force` is set. A paused shift stays paused.") with { Parameters = [Parameters.Weight, Parameters.Force, Parameters.IfMatch, Parameters.IdempotencyKey], Problems = [.. Step("").Problems, ProblemCodes.GateFailed], Request = Examples.Promote },
        ["finish"] = Step("Ends the bake of a release early, as a success. Repeating it changes nothing."),
        ["streamEvents"] = new(
            "Server-sent events. Each has `id` (the sequence), `event` (the type) and `data`, a `StreamedEvent` as JSON. Without `Last-Event-ID` the stream begins now, or with `release` at "
            + "that release's first event. A comment every 15 s keeps the connection alive.")
        {
            Parameters = [Parameters.LastEventId],
            Problems = [ProblemCodes.UnknownService, ProblemCodes.UnknownRelease, ProblemCodes.TooManyStreams],
            IsStream = true,
            Answers = [(200, "event", Examples.Event)],
        },
        ["listAudit"] = new("The audit journal, newest first: every change, and every refusal.")
        {
            Headers = [Link],
            Answers = [(200, "entries", Examples.Audit)],
        },
        ["metrics"] = new("Services, slots, destinations, releases and responses, in the text format of Prometheus."),
        ["health"] = new(
            "How the gateway's background loops are doing, and whether its state can be stored; 200 also if not. Without a token the kinds of loops and their status, with one (`viewer`) every loop with its last error.")
        {
            IsTokenOptional = true,
            Problems = [ProblemCodes.Unauthorized, ProblemCodes.Forbidden, ProblemCodes.TooManyRequests],
            Answers = [(200, "health", Examples.Health)],
        },
        ["live"] = new("200 as long as the process answers. Needs no token."),
        ["ready"] = new("200 while the gateway takes traffic; 503 before it has started and once it stops. Needs no token."),
    };

    private static OperationNotes Order(string description, Func<JsonNode> request) => new(description)
    {
        Parameters = [Parameters.Until, Parameters.Prefer, Parameters.IfMatch, Parameters.IdempotencyKey],
        Problems =
        [
            .. OfBody, ProblemCodes.UnknownService, ProblemCodes.UnknownRelease, ProblemCodes.ReleaseInProgress, ProblemCodes.ServiceHeld, ProblemCodes.NothingToRollBack, ProblemCodes.ReleaseEnded,
            ProblemCodes.StaleGeneration, ProblemCodes.GateFailed, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable,
        ],
        Headers =
        [
            new("Location", "The path of the release. Not there when there was nothing to do.", [200]),
            new("Location", "The path of the release.", [202], IsRequired: true),
            new("Location", "The path of the release, where one was started.", [409, 422, 503]),
            new("Preference-Applied", "How long the answer has waited at most: `wait=SECONDS`. Only with `Prefer: wait`.", [200, 202, 409, 422, 503]),
        ],
        Meanings =
        [
            (200, "The release is as far as `until` says, or there was nothing to do."),
            (202, "The release has started, or goes on: it is not yet as far as `until` says."),
        ],
        Request = request,
        Answers = [(200, "release", Examples.Release), (202, "started", Examples.Started)],
    };

    private static OperationNotes Step(string description) => new(description)
    {
        Parameters = [Parameters.IfMatch, Parameters.IdempotencyKey],
        Problems = [.. OfBody, ProblemCodes.UnknownRelease, ProblemCodes.WrongStatus, ProblemCodes.StaleGeneration, ProblemCodes.IdempotencyMismatch, ProblemCodes.StateUnavailable],
        Answers = [(200, "release", Examples.Release)],
    };
}
