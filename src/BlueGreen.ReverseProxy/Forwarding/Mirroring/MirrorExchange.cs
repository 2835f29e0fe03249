using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Mirroring;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>One request that is mirrored, with both answers; a feature of the request.</summary>
/// <remarks>
/// Two flows: the client's request, and the copy; a third one where noise is measured. None waits for another; whichever ends last hands the answers over. The copy of a
/// request with a body begins when the whole body has passed. The interleaving: YARP may read the rest of a body in one flow while the
/// response ends in another. So one exchange of <c>_state</c> decides whether there is a copy: the end of the body, its being too
/// large, or the end of the request, whichever is first.
/// </remarks>
#pragma warning disable CA1001 // The copy may outlive the request, and a source without a timer holds nothing that the collector can't free.
internal sealed class MirrorExchange(MirrorRun run, MirroredCopy copy, MirroredCopy? second, string route, MirrorForwarder forwarder)
#pragma warning restore CA1001
{
    private const int Undecided = 0;
    private const int Copied = 1;
    private const int NotCopied = 2;

    private readonly BodyCapture _body = new(run.Settings.MaxBodyBytes);

    private readonly CancellationTokenSource _giveUp = new();
    private int _state;
    private int _open = second is null ? 2 : 3;

    public MirrorRun Run => run;

    public ReadOnlyMemory<byte> RequestBody => _body.Bytes;

    public MirrorAnswer Active { get; } = new(run.Settings.MaxBodyBytes);

    /// <summary>Raised when nobody needs the copy's answer any more.</summary>
    public CancellationToken GivenUp => _giveUp.Token;

    public void AddToRequest(ReadOnlySpan<byte> bytes)
    {
        _body.Add(bytes);
        if (_body.IsTooLarge)
        {
            Abandon(MirrorSkip.RequestTooLarge);
        }
    }

    /// <summary>The whole request is here: the copy is sent, on the pool.</summary>
    public void CompleteRequest()
    {
        if (Interlocked.CompareExchange(ref _state, Copied, Undecided) == Undecided)
        {
            _ = Task.Run(() => SendAsync(copy));
            if (second is not null)
            {
                _ = Task.Run(() => SendAsync(second));
            }
        }
    }

    /// <summary>Sends one more copy, for load; it has a place among those that are under way. Only for a request without a body.</summary>
    public void Repeat(MirroredCopy repeated) => _ = Task.Run(async () =>
    {
        try
        {
            await forwarder.SendAsync(this, repeated);
        }
        finally
        {
            run.Leave();
        }
    });

    /// <summary>The active slot's answer begins.</summary>
    /// <param name="response">The answer; its body is kept from now on.</param>
    /// <param name="context">The client's request.</param>
    /// <param name="latency">How long that took.</param>
    public void BeginAnswer(HttpResponseMessage response, HttpContext context, TimeSpan latency)
    {
        Active.Begin(response, latency);
        Active.IsStreaming = EventStreamScanner.Reads(context.Response.ContentType);
        if (!Active.IsStreaming)
        {
            response.Content = new CapturedContent(response.Content, Active.Body);
        }
    }

    /// <summary>The client's request has ended, in whatever way.</summary>
    public void EndActive()
    {
        Abandon(MirrorSkip.RequestIncomplete);
        if (Volatile.Read(ref _state) != Copied)
        {
            return;
        }

        if (!Active.Body.IsComplete)
        {
            // On the pool: its callbacks are not the client's.
            _ = _giveUp.CancelAsync();
        }

        End();
    }

    private async Task SendAsync(MirroredCopy sent)
    {
        try
        {
            await forwarder.SendAsync(this, sent);
        }
        finally
        {
            End();
        }
    }

    private void Abandon(MirrorSkip why)
    {
        if (Interlocked.CompareExchange(ref _state, NotCopied, Undecided) == Undecided)
        {
            run.Skip(why);
            run.Leave();
        }
    }

    // A full fence: whoever is second sees what the first has written.
    private void End()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            // Not here: this may be the client's request.
            ThreadPool.UnsafeQueueUserWorkItem(static exchange => exchange.Conclude(), this, preferLocal: false);
        }
    }

    private void Conclude()
    {
        try
        {
            if (Skip() is { } why)
            {
                run.Skip(why);
            }
            else
            {
                // A second copy that the end of the mirror has cut short is no noise.
                run.Add(route, Active, copy.Answer, second?.Answer is { Failure: not null } && run.IsEnding ? null : second?.Answer);
            }
        }
#pragma warning disable CA1031 // On the pool an exception ends the process, and with it the traffic of all services. Whatever an API has answered must not do that.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.Skip(MirrorSkip.NotCompared);
            forwarder.LogNotCompared(exception, run.Order.Service.Name);
        }
        finally
        {
            run.Leave();
        }
    }

    private MirrorSkip? Skip() =>
        copy.Answer.Skipped is { } skipped ? skipped
        : Active.IsStreaming || copy.Answer.IsStreaming ? MirrorSkip.Streaming
        : !Active.Body.IsComplete ? MirrorSkip.ActiveIncomplete
        : run.End is not null || (copy.Answer.Failure is not null && run.IsEnding) ? MirrorSkip.Ended
        : null;
}
