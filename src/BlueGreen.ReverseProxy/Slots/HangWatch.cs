using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Counts the requests of one slot that get no response within a time, those that still wait at once: an API that hangs is to be found
/// although not one response comes. A request that enters and leaves costs a few interlocked operations, and no allocation.
/// </summary>
/// <remarks>
/// The interleaving that this defends against: a request that waits for too long is answered while somebody reads. It leaves those that
/// wait before it is counted among those that waited, and a reader reads in the other order; so it may be missing once, but is
/// never counted twice.
/// </remarks>
internal sealed class HangWatch
{
    // How late a request that hangs is found, beside the interval of the looks.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(250);

    private readonly ResponseAges _waiting;
    private readonly ClientCounts _lateByClient = new();
    private long _answered;
    private long _late;

    /// <summary>Begins.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="limit">From when on a request hangs; the end of a bucket, so that the past counts the same.</param>
    public HangWatch(TimeProvider time, TimeSpan limit)
    {
        Limit = limit;
        _waiting = new ResponseAges(time, limit, Resolution, tellsClients: true);
    }

    /// <summary>From when on a request hangs.</summary>
    public TimeSpan Limit { get; }

    /// <summary>How the requests are spread over the clients.</summary>
    public ClientCounts Entered { get; } = new();

    /// <summary>A request is sent to the slot.</summary>
    /// <param name="now">The monotonic time of the choice of the slot.</param>
    /// <param name="client">The client's number.</param>
    /// <returns>What to leave when the response has begun, or there will be none.</returns>
    public ResponseAges.Cohort Enter(long now, int client)
    {
        Entered.Add(client);
        var cohort = _waiting.Enter(now);
        cohort.Clients!.Add(client);
        return cohort;
    }

    /// <summary>The response has begun, or the API has failed to give one.</summary>
    public void Answer(ResponseAges.Cohort cohort, int client, TimeSpan waited)
    {
        Leave(cohort, client);
        Count(client, waited, isAnswered: true);
    }

    /// <summary>The client has left before the response; before the limit this says nothing about the API.</summary>
    public void GiveUp(ResponseAges.Cohort cohort, int client, TimeSpan waited)
    {
        Leave(cohort, client);
        Count(client, waited, isAnswered: false);
    }

    /// <summary>The request has ended in a way that says nothing about the API.</summary>
    public static void Leave(ResponseAges.Cohort cohort, int client)
    {
        cohort.Clients!.Remove(client);
        cohort.Add(-1);
    }

    /// <summary>A request that has ended somewhere else: counts what a recording says.</summary>
    public void Count(in ResponseOutcome outcome)
    {
        Entered.Add(outcome.Client);
        if (outcome.Fault != Fault.Gateway)
        {
            Count(outcome.Client, TimeSpan.FromMicroseconds(outcome.Microseconds), isAnswered: outcome.Begun || outcome.Fault != Fault.Client);
        }
    }

    /// <summary>Goes on from what the last process has stored.</summary>
    public void Continue(IReadOnlyList<long>? byClient, IReadOnlyList<long>? lateByClient)
    {
        Entered.Continue(byClient);
        _lateByClient.Continue(lateByClient);
    }

    /// <summary>What was counted: the requests that were answered or hang, those that hang, and who sent these.</summary>
    public (long Trials, long Bad, ClientCounts BadByClient) Read()
    {
        var late = Volatile.Read(ref _late);
        var clients = new ClientCounts();
        clients.AddAll(_lateByClient);
        var overdue = _waiting.CountOld(clients);

        // The answered last: among them are those that were late.
        return (Volatile.Read(ref _answered) + overdue, late + overdue, clients);
    }

    private void Count(int client, TimeSpan waited, bool isAnswered)
    {
        var isLate = waited >= Limit;
        if (!isAnswered && !isLate)
        {
            return;
        }

        // As in SlotMeter: a trial before it is bad.
        Interlocked.Increment(ref _answered);
        if (isLate)
        {
            _lateByClient.Add(client);
            Interlocked.Increment(ref _late);
        }
    }
}
