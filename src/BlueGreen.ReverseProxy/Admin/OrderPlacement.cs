using System.Globalization;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Places an order with the engine, waits as the caller wants, and answers.</summary>
internal sealed class OrderPlacement(ReleaseEngine engine, ReleaseWait waiting, AdminAuthentication authentication, StatusViews views)
{
    public async Task<IResult> PlaceAsync(HttpContext context, AdminRequest request, ReleaseOrder order)
    {
        var wait = request.Wait();
        var until = request.Until();
        if (request.IsInvalid(out var problem))
        {
            return problem;
        }

        var outcome = await engine.PlaceAsync(order, context.RequestAborted);
        if (outcome.Refused is { } refusal)
        {
            return Problems.Of(refusal);
        }

        if (outcome.Unchanged is { } services)
        {
            return OrderAnswers.NothingToDo(order, services);
        }

        var release = outcome.Started ?? outcome.Existing!;
        context.Features.Set(new ConcernedRelease(release.Id));
        context.Response.Headers.Location = $"/v1/releases/{release.Id}";
        if (wait is { } atMost)
        {
            context.Response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={atMost.TotalSeconds}");
            using var access = authentication.Watch(context, AdminRole.Operator);
            release = await waiting.WaitAsync(release.Id, until, atMost, access.Lost, context.RequestAborted);
        }

        return OrderAnswers.Of(OrderAnswers.StatusOf(order.Kind, release, until), views.Of(release));
    }
}

/// <summary>The release of a call, for the problem that a failure is answered with after it was started.</summary>
internal sealed record ConcernedRelease(string Id);
