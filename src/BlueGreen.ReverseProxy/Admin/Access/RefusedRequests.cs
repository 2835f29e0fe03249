using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>Takes note of a request that is refused: who asked, for what, and why not.</summary>
internal sealed class RefusedRequests(RefusalAudit refusals, ServiceCatalog services)
{
    // Of what is no call of the API: what was asked for is the caller's own words, so it is in the detail alone.
    private const string NoCall = "call";

    public Task NoteAsync(HttpContext context, ProblemDetails problem)
    {
        context.Features.Set(problem);
        var client = context.Connection.RemoteIpAddress;
        var caller = context.Features.Get<Caller>();
        var endpoint = context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName.Replace("Group", "", StringComparison.Ordinal) ?? NoCall;
        var service = context.GetRouteValue("service") as string;
        var code = (string)problem.Extensions["code"]!;

        // Guesses are one kind, wherever they are tried.
        var isGuess = code is ProblemCodes.Unauthorized or ProblemCodes.TooManyRequests;
        return refusals.NoteAsync(new RefusedCall(
            caller ?? Unknown(client),
            ClientNetwork.Of(client),
            isGuess ? "authenticate" : endpoint,
            code,
            service is not null && services.TryGet(service, out var entry) ? [entry.Name] : [],
            isGuess ? $"{endpoint}: {problem.Detail}" : problem.Detail!,
            IsKnown: caller is not null));
    }

    /// <summary>Takes note of what the server could not read as a request, and has answered by itself.</summary>
    public Task NoteMalformedAsync(IPAddress? client, int status) => refusals.NoteAsync(new RefusedCall(
        Unknown(client),
        ClientNetwork.Of(client),
        NoCall,
        Problems.CodeOf(status),
        [],
        $"What came was no request that can be read, and was answered {status}.",
        IsKnown: false));

    private static Caller Unknown(IPAddress? client) => new("unknown", client?.ToString());
}
