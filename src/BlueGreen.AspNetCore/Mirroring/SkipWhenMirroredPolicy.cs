using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>
/// Puts an endpoint that only answers in the place of one that is skipped, while the request is routed: for minimal APIs and controllers
/// alike. It has the same metadata, so that authorization, CORS and rate limits are the same.
/// </summary>
internal sealed class SkipWhenMirroredPolicy(MirrorFlow flow) : MatcherPolicy, IEndpointSelectorPolicy
{
    // After everything that chooses among several endpoints.
    public override int Order => 10_000;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<SkipWhenMirroredAttribute>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (!flow.IsMirrored)
        {
            return Task.CompletedTask;
        }

        for (var index = 0; index < candidates.Count; index++)
        {
            var candidate = candidates[index];
            if (candidates.IsValidCandidate(index) && candidate.Endpoint.Metadata.GetMetadata<SkipWhenMirroredAttribute>() is { } skip)
            {
                candidates.ReplaceEndpoint(index, AnswerFor(candidate.Endpoint, skip.StatusCode), candidate.Values);
            }
        }

        return Task.CompletedTask;
    }

    private static Endpoint AnswerFor(Endpoint endpoint, int statusCode) => new(
        context =>
        {
            context.Response.StatusCode = statusCode;
            return Task.CompletedTask;
        },
        endpoint.Metadata,
        $"{endpoint.DisplayName} (skipped: mirrored)");
}
