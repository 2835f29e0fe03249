using System.Globalization;
using System.Text.Json;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>
/// A call of the host's code in the form of the same call of the admin API: what is read from it, and refused of it, is read and
/// refused by the same code, and a key stands for the same order whichever way it comes.
/// </summary>
/// <param name="Request">What is asked for.</param>
/// <param name="Caller">Who asks.</param>
internal sealed record HostCall(AdminRequest Request, Caller Caller)
{
    private const int MaxActorLength = 100;

    // In the audit, where callers over HTTP have their address.
    private const string Client = "in-process";

    // What the gateway itself acts as; "anonymous" may approve its own releases.
    private static readonly string[] Reserved = [Caller.Anonymous, Caller.Bake.Actor, Caller.Gateway.Actor, "several", "unknown"];

    /// <param name="call">Who asks, under which conditions.</param>
    /// <param name="method">The method of the call over HTTP.</param>
    /// <param name="path">Its path.</param>
    /// <param name="body">Its body; null without one.</param>
    /// <param name="to">Its query parameter <c>to</c>; null without one.</param>
    public static HostCall Of(BlueGreenCall call, string method, string path, JsonElement? body = null, string? to = null)
    {
        ArgumentNullException.ThrowIfNull(call);
        var headers = new HeaderDictionary();
        if (call.IdempotencyKey is { } key)
        {
            headers["Idempotency-Key"] = key;
        }

        if (call.ExpectedGeneration is { } generation)
        {
            headers["If-Match"] = string.Create(CultureInfo.InvariantCulture, $"\"{generation}\"");
        }

        var request = new AdminRequest(method, path, headers, to is null ? QueryCollection.Empty : new QueryCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal) { ["to"] = to }), body);
        if (IsAllowed(call.Actor))
        {
            return new(request, new Caller(call.Actor, Client));
        }

        request.Body.Fail("actor", $"must be a name of 1 to {MaxActorLength} characters, without control characters, and none of {string.Join(", ", Reserved)}");
        return new(request, new Caller("unknown", Client));
    }

    private static bool IsAllowed(string? actor) =>
        !string.IsNullOrWhiteSpace(actor)
        && actor.Length <= MaxActorLength
        && OneLine.IsOne(actor)
        && !Reserved.Contains(actor, StringComparer.OrdinalIgnoreCase);
}
