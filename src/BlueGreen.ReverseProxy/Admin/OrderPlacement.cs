using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Places an order with the engine, waits as the caller wants, and answers.</summary>
internal sealed class OrderPlacement(ReleaseEngine engine, ReleaseWait waiting, AdminAuthentication authentication, StatusViews views, ServiceCatalog catalog)
{
    public async Task<IResult> PlaceAsync(HttpContext context, AdminRequest request, ReleaseOrder order)
    {
        var wait = request.Wait();
        var until = request.Until() ?? (order.Shift is null ? WaitUntil.Switched : WaitUntil.Shifting);
        if (request.IsInvalid(out var problem))
        {
            return problem;
        }

        var outcome = await engine.PlaceAsync(order, context.RequestAborted);
        if (WhyNot(order, outcome) is { } refused)
        {
            return refused;
        }

        if (outcome.Unchanged is { } services)
        {
            return TypedResults.Json(OrderAnswers.NothingToDo(order, services), ContractsJson.Default.NothingToDo);
        }

        var release = outcome.Started ?? outcome.Existing!;
        context.Features.Set(new ConcernedRelease(release.Id));
        context.Response.Headers.Location = $"/v1/releases/{release.Id}";
        if (wait is { } atMost)
        {
            context.Response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={atMost.TotalSeconds}");
            using var access = authentication.Watch(context, AdminRole.Operator);

            // What a rollback asks for may be there at once: everybody is on the old slot, and the shift that it has taken back drains.
            release = OrderAnswers.StatusOf(order.Kind, release, until) == StatusCodes.Status200OK
                ? release
                : await waiting.WaitAsync(release.Id, until, atMost, access.Lost, context.RequestAborted);
        }

        return OrderAnswers.Of(OrderAnswers.StatusOf(order.Kind, release, until), views.Of(release));
    }

    /// <summary>The problem that an order's outcome is; null when it is none.</summary>
    public ProblemHttpResult? WhyNot(ReleaseOrder order, OrderOutcome outcome) =>
        outcome.Refused is { } refusal ? Problems.Of(refusal)
        : outcome.Unchanged is { } services && WrongVersion(order, services) is { } wrong ? Problems.Of(ProblemCodes.GateFailed, wrong)
        : null;

    // "The slot is active already" must not tell a pipeline that its version is live when another one is.
    private string? WrongVersion(ReleaseOrder order, IEnumerable<ActiveService> services)
    {
        var others = services
            .Select(service => (service.Name, service.Active, catalog.Get(service.Name)[service.Active].Version))
            .Where(found => order.ExpectVersion is { } expected && found.Version != expected)
            .Select(found => $"{found.Active.ToText()} of {found.Name} runs {found.Version ?? "a version that nobody knows"}")
            .ToList();
        return others.Count == 0 ? null : $"There is nothing to switch, but version {order.ExpectVersion} was expected: {string.Join(", ", others)}. Deploy it into the standby, then cut over.";
    }
}

/// <summary>The release of a call, for the problem that a failure is answered with after it was started.</summary>
internal sealed record ConcernedRelease(string Id);
