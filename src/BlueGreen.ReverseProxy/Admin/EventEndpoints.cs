using System.Globalization;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/events</c>: what happens to releases, as it happens.</summary>
/// <remarks>
/// Events are read from the committed state, where they stand with the releases that they belong to. So nothing is sent that was
/// not committed, and a client that comes back after a restart of the gateway goes on where it left.
/// </remarks>
internal static class EventEndpoints
{
    // Below the idle timeouts that proxies and load balancers come with.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/events", StreamAsync)
        .WithTags("Events")
        .Needs(AdminRole.Viewer)
        .WithName("streamEvents")
        .WithSummary("Server-sent events of releases; Last-Event-ID resumes after that event, ?release= and ?service= choose.")
        .Produces<StreamedEvent>(StatusCodes.Status200OK, "text/event-stream");

    private static async Task<IResult> StreamAsync(
        HttpContext context, ServiceCatalog services, CommittedState state, GatewayReadiness readiness, TimeProvider time, string? release = null, string? service = null)
    {
        if (service is not null && !services.TryGet(service, out _))
        {
            return Problems.UnknownService(services, service);
        }

        if (release is not null && state.Find(release) is null)
        {
            return Problems.UnknownRelease(release);
        }

        var last = state.Current.LastEvent;
        var resume = context.Request.Headers["Last-Event-ID"].ToString();
        if (resume.Length > 0 && !long.TryParse(resume, NumberStyles.None, CultureInfo.InvariantCulture, out last))
        {
            return Problems.Invalid("Last-Event-ID", "must be the id of an event");
        }

        if (resume.Length == 0 && release is not null)
        {
            // Who follows one release wants its whole story.
            last = 0;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(context.RequestAborted);
        await FollowAsync(context, state, readiness, time, last, entry => (release is null || entry.Id == release) && (service is null || entry.Concerns(service)));
        return Results.Empty;
    }

    private static async Task FollowAsync(
        HttpContext context, CommittedState state, GatewayReadiness readiness, TimeProvider time, long last, Func<ReleaseState, bool> chosen)
    {
        var left = context.RequestAborted;
        while (!left.IsCancellationRequested)
        {
            var newest = state.Current.LastEvent;
            foreach (var entry in Between(state, last, newest, chosen))
            {
                await context.Response.WriteAsync(
                    $"id: {entry.Sequence}\nevent: {entry.Type}\ndata: {JsonSerializer.Serialize(entry, ContractsJson.Default.StreamedEvent)}\n\n", left);
            }

            last = Math.Max(last, newest);
            await context.Response.Body.FlushAsync(left);
            if (!await ChangedAsync(state, readiness, time, last, left))
            {
                await context.Response.WriteAsync(": still here\n\n", left);
            }
        }
    }

    // Up to what the state held when the round began: an event that is committed meanwhile comes in the next one, never twice.
    private static List<StreamedEvent> Between(CommittedState state, long after, long upTo, Func<ReleaseState, bool> chosen) =>
    [
        .. state.NewestFirst()
            .Where(chosen)
            .SelectMany(release => release.Events
                .Where(entry => entry.Sequence > after && entry.Sequence <= upTo)
                .Select(entry => new StreamedEvent(entry.Sequence, entry.At, entry.Type, release.Id, [.. release.Services.Select(service => service.Name)], entry.Detail)))
            .OrderBy(entry => entry.Sequence),
    ];

    private static async Task<bool> ChangedAsync(CommittedState state, GatewayReadiness readiness, TimeProvider time, long last, CancellationToken left)
    {
        using var pulse = new CancellationTokenSource(Heartbeat, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(pulse.Token, left, readiness.Stopping);
        try
        {
            await state.WaitUntilAsync(current => current.LastEvent > last, linked.Token);
            return true;
        }
        catch (OperationCanceledException) when (pulse.IsCancellationRequested && !left.IsCancellationRequested && !readiness.Stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
