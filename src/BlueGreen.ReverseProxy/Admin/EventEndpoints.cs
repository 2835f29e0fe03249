using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Connections;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/events</c>: what happens to releases and services, as it happens.</summary>
/// <remarks>
/// Events are read from the committed state, where they stand with the releases that they belong to. So nothing is sent that was
/// not committed, and a client that comes back after a restart of the gateway goes on where it left.
/// </remarks>
internal static class EventEndpoints
{
    // Below the idle timeouts that proxies and load balancers come with.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // Streams are there for hours, so nobody knows when a place is free again; a client that asks this often costs nothing.
    private const string RetryAfterSeconds = "15";

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/events", StreamAsync)
        .WithTags("Events")
        .Needs(AdminRole.Viewer)
        .WithName("streamEvents")
        .WithSummary("Server-sent events of releases, maintenance and preview tokens; Last-Event-ID resumes after that event, ?release= and ?service= choose.")
        .Produces<StreamedEvent>(StatusCodes.Status200OK, "text/event-stream");

    private static async Task<IResult> StreamAsync(
        HttpContext context,
        ServiceCatalog services,
        CommittedState state,
        GatewayReadiness readiness,
        AdminAuthentication authentication,
        AdminConnections connections,
        TimeProvider time,
        string? release = null,
        string? service = null)
    {
        if (service is not null && !services.TryGet(service, out _))
        {
            return Problems.UnknownService(services, service);
        }

        if (release is not null && state.Find(release) is null)
        {
            return Problems.UnknownRelease(release);
        }

        var resume = context.Request.Headers["Last-Event-ID"].ToString();
        if (resume.Length > 0 && !EventId.IsValid(resume))
        {
            return Problems.Invalid("Last-Event-ID", "must be the id of an event");
        }

        var connection = context.Features.Get<AdminConnection>();
        if (!connections.TryBeginStream(connection))
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problems.Of(
                ProblemCodes.TooManyStreams,
                $"{connections.MaxStreams} event streams are open, which is half of the connections of the admin API; the others are for calls. Close one, or ask for releases from time to time.");
        }

        using var access = authentication.Watch(context, AdminRole.Viewer);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, access.Lost);
        try
        {
            await WriteAsync(context, state, readiness, access, time, release, service, resume, over.Token);
        }
        catch (OperationCanceledException) when (access.Lost.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // In the middle of a write to a client that does not read: there is no end in good order.
            context.Abort();
        }
        finally
        {
            connections.EndStream(connection);
        }

        return Results.Empty;
    }

    private static async Task WriteAsync(
        HttpContext context,
        CommittedState state,
        GatewayReadiness readiness,
        CallerAccess access,
        TimeProvider time,
        string? release,
        string? service,
        string resume,
        CancellationToken left)
    {
        var current = state.Current;

        // Without an id, who follows one release wants its whole story.
        var after = resume.Length == 0 ? (release is null ? current.LastEvent : 0) : EventId.After(current, resume);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(left);
        if (after is null)
        {
            await WriteResetAsync(context, current, "the id is not one of this gateway's events", left);
        }

        await FollowAsync(
            context,
            state,
            readiness,
            access,
            time,
            after ?? current.LastEvent,
            entry => (release is null || entry.Release == release) && (service is null || entry.Services.Contains(service, StringComparer.OrdinalIgnoreCase)),
            left);
    }

    private static async Task FollowAsync(
        HttpContext context,
        CommittedState state,
        GatewayReadiness readiness,
        CallerAccess access,
        TimeProvider time,
        long last,
        Func<EventRecord, bool> chosen,
        CancellationToken left)
    {
        while (!left.IsCancellationRequested)
        {
            // Up to what is committed when the round begins: an event that comes meanwhile is in the next one, never twice.
            var committed = state.Snapshot;
            var newest = committed.State.LastEvent;
            if (last > 0 && committed.Records.FirstEvent is { } first && last + 1 < first)
            {
                await WriteResetAsync(context, committed.State, "older events are no longer kept", left);
                last = newest;
            }

            foreach (var entry in committed.Records.EventsBetween(last, newest).Where(chosen))
            {
                await context.Response.WriteAsync(
                    $"id: {EventId.Of(committed.State, entry.Sequence)}\nevent: {entry.Type}\ndata: {JsonSerializer.Serialize(entry.ToStreamed(), ContractsJson.Default.StreamedEvent)}\n\n", left);
            }

            last = Math.Max(last, newest);
            await context.Response.Body.FlushAsync(left);
            var hasChanged = await ChangedAsync(state, readiness, time, last, left, access.Lost);
            access.Check();
            if (!hasChanged && !left.IsCancellationRequested)
            {
                await context.Response.WriteAsync(": still here\n\n", left);
            }
        }
    }

    // Tells a client that it can't go on where it left: it has to look at services and releases anew.
    private static Task WriteResetAsync(HttpContext context, GatewayState state, string reason, CancellationToken left) => context.Response.WriteAsync(
        $"id: {EventId.Of(state, state.LastEvent)}\nevent: reset\ndata: {{\"reason\":\"{reason}\"}}\n\n", left);

    // False when nothing has, for so long that the client should hear something, or when the caller may no longer listen.
    private static async Task<bool> ChangedAsync(
        CommittedState state, GatewayReadiness readiness, TimeProvider time, long last, CancellationToken left, CancellationToken lost)
    {
        using var pulse = new CancellationTokenSource(Heartbeat, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(pulse.Token, left, readiness.Stopping);
        try
        {
            await state.WaitUntilAsync(current => current.LastEvent > last, linked.Token);
            return true;
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested || (pulse.IsCancellationRequested && !left.IsCancellationRequested && !readiness.Stopping.IsCancellationRequested))
        {
            return false;
        }
    }
}
