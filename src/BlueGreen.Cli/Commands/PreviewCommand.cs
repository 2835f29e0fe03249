using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen preview</c>.</summary>
internal static class PreviewCommand
{
    private const string Placeholder = "https://YOUR-API/PATH";

    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time);
        var slot = new Option<string?>("--slot") { Description = "What to show. Default: standby, which follows every switch.", HelpName = "standby|blue|green" };
        slot.AcceptOnlyFromAmong("standby", "blue", "green");
        var expires = new Option<TimeSpan?>("--expires") { Description = "How long the token counts: 10m, 8h; 1 minute to 24 hours. Default: 1 hour.", HelpName = "DURATION", CustomParser = Durations.Parse };
        var address = new Option<string?>("--address") { Description = "An address of the service as clients call it, for the curl line and the link.", HelpName = "URL" };
        address.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(Uri.TryCreate(token.Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            {
                result.AddError("--address must be a URL such as https://api.example.com/orders/1.");
            }
        });
        var command = new Command("preview", "Make a token that shows a slot on the production listener, before anybody else sees it: as a header, a curl line and a link.")
        {
            List(time), Revoke(time), RotateKey(time),
        };
        command.With(slot, expires, address, ReleaseOptions.Reason, ReleaseOptions.IdempotencyKey);
        command.Arguments.Add(service);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var name = await ServiceArgument.ResolveAsync(session, session.Get(service), cancellationToken);
            var body = new JsonObject();
            if (session.Get(slot) is { } wanted)
            {
                body["slot"] = wanted;
            }

            if (session.Get(expires) is { } lifetime)
            {
                body["expiresInSeconds"] = (long)Math.Ceiling(lifetime.TotalSeconds);
            }

            var answer = (await ChangeAsync(session, HttpMethod.Post, Tokens(name), WithReason(body, session), cancellationToken)).OrFail();
            var token = answer.Read(ContractsJson.Default.CreatedPreviewToken);
            if (session.IsJson)
            {
                session.Json(answer.Json);
                return ExitCodes.Done;
            }

            var at = session.Get(address) is { } given ? new Uri(given) : null;
            var url = at is null ? Placeholder : at.GetLeftPart(UriPartial.Query);
            session.Line($"Preview of {token.Service}: {(token.Slot == PreviewSlot.Standby ? "the standby" : token.Slot.ToText())}, until {Time(token.ExpiresAt)}. Whoever has the token sees it; it is not shown again.");
            session.Line("");
            session.Line("Header:");
            session.Line($"  {token.Header}: {token.Token}");
            session.Line("From a terminal:");
            session.Line($"  curl -H '{token.Header}: {token.Token}' {(at is null ? Placeholder : $"'{at.GetLeftPart(UriPartial.Query)}'")}");
            session.Line("In a browser; the page asks first:");
            session.Line($"  {url}{(at?.Query.Length > 1 ? $"&{token.Query[1..]}" : token.Query)}");
            session.Line("");
            session.Line($"Revoke it: bluegreen preview revoke {token.Id} --service {token.Service}");
            return ExitCodes.Done;
        });
    }

    private static Command List(TimeProvider time)
    {
        var service = ServiceArgument.One(time, "Only the tokens of this service. Default: all services.");
        var command = new Command("list", "The preview tokens that count now; never the tokens themselves.");
        command.Arguments.Add(service);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var services = session.Get(service) is { } one ? [one] : (await ServiceArgument.ListAsync(session.Client, cancellationToken)).Select(known => known.Name).ToList();
            var all = new List<PreviewTokenInfo>();
            var json = new JsonArray();
            foreach (var name in services)
            {
                var answer = await session.Client.GetAsync(Tokens(name), cancellationToken);
                all.AddRange(answer.Read(ContractsJson.Default.IReadOnlyListPreviewTokenInfo));
                foreach (var item in answer.Json!.AsArray())
                {
                    json.Add(item!.DeepClone());
                }
            }

            if (session.IsJson)
            {
                session.Json(json);
                return ExitCodes.Done;
            }

            if (all.Count == 0)
            {
                session.Line("There are no preview tokens.");
                return ExitCodes.Done;
            }

            var table = new TextTable([], "ID", "SERVICE", "SLOT", "EXPIRES (UTC)", "BY", "REASON");
            foreach (var token in all)
            {
                table.Add(token.Id, token.Service, token.Slot.ToText(), Time(token.ExpiresAt), token.Actor, token.Reason ?? "-");
            }

            session.Print(table);
            return ExitCodes.Done;
        });
    }

    private static Command Revoke(TimeProvider time)
    {
        var id = new Argument<string>("id") { HelpName = "id", Description = "The token's id, as bluegreen preview list shows it." };
        var service = new Option<string?>("--service") { Description = "The token's service. May be left out when the gateway has one only.", HelpName = "NAME" };
        var command = new Command("revoke", "Refuse a preview token from now on; requests that are open go on. Repeating it changes nothing.").With(service, ReleaseOptions.IdempotencyKey);
        command.Arguments.Add(id);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var name = await ServiceArgument.ResolveAsync(session, session.Get(service), cancellationToken);
            var answer = (await ChangeAsync(session, HttpMethod.Delete, $"{Tokens(name)}/{Uri.EscapeDataString(session.Get(id)!)}", null, cancellationToken)).OrFail();
            var token = answer.Read(ContractsJson.Default.PreviewTokenInfo);
            session.Note($"Token {token.Id} of {token.Service} is revoked.");
            if (session.IsJson)
            {
                session.Json(answer.Json);
            }

            return ExitCodes.Done;
        });
    }

    private static Command RotateKey(TimeProvider time)
    {
        var revoke = new Option<bool>("--revoke") { Description = "Have no token count any more that there is, of any service, at once." };
        var command = new Command("rotate-key", "Sign preview tokens with a new key; those that there are count until they expire. Takes the role admin.")
            .With(revoke, ReleaseOptions.Reason, ReleaseOptions.IdempotencyKey);
        return command.Does(time, async (session, cancellationToken) =>
        {
            var body = new JsonObject { ["revoke"] = session.Get(revoke) };
            var answer = (await ChangeAsync(session, HttpMethod.Post, "/v1/preview-keys/rotate", WithReason(body, session), cancellationToken)).OrFail();
            var rotation = answer.Read(ContractsJson.Default.PreviewKeyRotation);
            session.Note(string.Create(CultureInfo.InvariantCulture, $"Key {rotation.Key} signs from now on; tokens revoked: {rotation.RevokedTokens}."));
            foreach (var key in rotation.Replaced)
            {
                session.Note($"Tokens of key {key.Key} count until {Time(key.VerifiesUntil)}.");
            }

            if (session.IsJson)
            {
                session.Json(answer.Json);
            }

            return ExitCodes.Done;
        });
    }

    private static Task<GatewayAnswer> ChangeAsync(Session session, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken) => session.Client.ChangeAsync(
        method, path, body, session.Get(ReleaseOptions.IdempotencyKey) ?? GatewayClient.NewIdempotencyKey(), expectGeneration: null, session.ShortDeadline(), cancellationToken);

    private static JsonObject WithReason(JsonObject body, Session session)
    {
        if (session.Get(ReleaseOptions.Reason) is { } reason)
        {
            body["reason"] = reason;
        }

        return body;
    }

    private static string Tokens(string service) => $"{ApiPath.Service(service)}/preview-tokens";

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
