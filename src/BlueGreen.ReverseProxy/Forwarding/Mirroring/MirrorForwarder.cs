using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>Sends copies to the standby and keeps the answers. Nobody waits for it.</summary>
internal sealed partial class MirrorForwarder(
    RawTargetForwarder forwarder, SlotSelector slots, MirrorRuns runs, TimeProvider time, ILogger<MirrorForwarder> logger)
{
    /// <summary>Sends the copy. Never throws.</summary>
    public async Task SendAsync(MirrorExchange exchange, MirroredCopy copy)
    {
        var answer = copy.Answer;
        try
        {
            // The lease before the token of the end, always: see MirrorRun.
            using var lease = slots.AcquireCopy(exchange.Run.Order.Service, copy.Slot, exchange.Run.Order.From);
            answer.Skipped = lease is null || exchange.Run.IsEnding ? MirrorSkip.Ended : await SendAsync(exchange, copy, answer);
            Judge(exchange, copy);
        }
#pragma warning disable CA1031 // A copy that fails for whatever reason is an answer that did not come; it must reach nobody else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answer.Failure = "the gateway could not send it";
            LogFailed(logger, exception, exchange.Run.Order.Service.Name);
        }
    }

    // Longer bodies are not compared. A little more is read nevertheless: to close a connection costs more than the rest of most bodies.
    private const int LimitsRead = 4;

    // A copy that was given up because its request or the mirror ended says nothing of the standby.
    private void Judge(MirrorExchange exchange, MirroredCopy copy)
    {
        var run = exchange.Run;
        if (copy.Slot.Name == run.Order.To && copy.Answer.Skipped is null && !run.IsEnding && !exchange.GivenUp.IsCancellationRequested && run.Judge(copy.Answer) is { } why)
        {
            runs.End(run, why, isByItself: true, isAlarm: true);
        }
    }

    private async Task<MirrorSkip?> SendAsync(MirrorExchange exchange, MirroredCopy copy, MirrorAnswer answer)
    {
        var (run, cluster) = (exchange.Run, copy.Route.Cluster);
        var available = cluster.DestinationsState.AvailableDestinations;
        if (available.Count == 0)
        {
            return MirrorSkip.NoDestination;
        }

        var destination = available[available.Count == 1 ? 0 : Random.Shared.Next(available.Count)];
        var model = cluster.Model;
        using var timeout = new CancellationTokenSource(run.Settings.Timeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(run.Ending, exchange.GivenUp, timeout.Token);
        var context = copy.Request.ToContext(
            exchange.RequestBody,
            new CaptureStream(answer.Body, (long)run.Settings.MaxBodyBytes * LimitsRead, any),
            new ReverseProxyFeature
            {
                Route = copy.Route.Model,
                Cluster = model,
                AllDestinations = cluster.DestinationsState.AllDestinations,
                AvailableDestinations = available,
                ProxiedDestination = destination,
            });
        try
        {
            if (copy.Slot.Name == run.Order.To)
            {
                run.CountSent(copy.IsRepeated);
            }

            var error = await forwarder.SendAsync(
                context,
                destination.Model.Config.Address,
                model.HttpClient,
                model.Config.HttpRequest ?? ForwarderRequestConfig.Empty,
                new MirrorTransformer(copy.Route.Model.Transformer, MirrorMark.Create(run.Key, run.Order.Service.Name), answer, time),
                any.Token);
            if (error == ForwarderError.None || answer.IsStreaming || answer.Body.IsTooLarge)
            {
                answer.Body.Complete();
            }
            else
            {
                answer.Failure = timeout.IsCancellationRequested ? "no whole answer in time" : error.ToString();
            }

            return null;
        }
        finally
        {
            // What the route's transforms have asked for.
            if (context.Features.Get<IServiceProvidersFeature>() is IAsyncDisposable scope)
            {
                await scope.DisposeAsync();
            }
        }
    }

    /// <summary>Says that two answers could not be compared.</summary>
    public void LogNotCompared(Exception exception, string service) => LogNotCompared(logger, exception, service);

    [LoggerMessage(4802, LogLevel.Error, "Two answers to a request of {Service} could not be compared. They count as notCompared in the mirror's report; the request itself is not affected.")]
    private static partial void LogNotCompared(ILogger logger, Exception exception, string service);

    [LoggerMessage(4801, LogLevel.Error, "A copy of a request of {Service} could not be sent to the standby. The request itself is not affected.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string service);
}
