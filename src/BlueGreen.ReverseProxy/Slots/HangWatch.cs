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
    // How late a request that hangs is found at most, beside the interval of the looks: until then, more of them begin to hang.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(250);
    private const double ResolutionOfLimit = 0.05;

    private readonly ResponseAges _waiting;
    private readonly ClientCounts _lateByClient = new();
    private readonly TimeProvider _time;
    private readonly HangPlaces? _places;
    private long _answered;
    private long _late;

    /// <summary>Begins.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="limit">From when on a request hangs; the end of a bucket, so that the past counts the same.</param>
    /// <param name="tellsPlaces">Whether it is to be known where requests hang.</param>
    public HangWatch(TimeProvider time, TimeSpan limit, bool tellsPlaces = false)
    {
        _time = time;
        Limit = limit;
        _places = tellsPlaces ? new HangPlaces() : null;
        _waiting = new ResponseAges(time, limit, limit * ResolutionOfLimit < Resolution ? limit * ResolutionOfLimit : Resolution, tellsClients: true);
    }

    /// <summary>From when on a request hangs.</summary>
    public TimeSpan Limit { get; }

    /// <summary>How the requests are spread over the clients.</summary>
    public ClientCounts Entered { get; } = new();

    /// <summary>A request is sent to the slot.</summary>
    /// <param name="lease">Its lease.</param>
    /// <param name="client">The client's number.</param>
    /// <returns>What to end when the response has begun, or there will be none.</returns>
    public HangWait Enter(SlotLease lease, int client)
    {
        Entered.Add(client);
        var cohort = _waiting.Enter(lease.StartedAt);
        cohort.Clients!.Add(client);
        return new HangWait(this, cohort, client, lease, _places?.Enter(lease) ?? -1);
    }

    /// <summary>A request no longer waits.</summary>
    /// <param name="wait">What <see cref="Enter"/> gave.</param>
    /// <param name="waited">How long it has; null where it has ended in a way that says nothing about the API.</param>
    /// <param name="isAnswered">Whether the API has answered, or has failed to. A client that has left before the limit says nothing either.</param>
    public void Leave(in HangWait wait, TimeSpan? waited, bool isAnswered)
    {
        wait.Cohort.Clients!.Remove(wait.Client);
        wait.Cohort.Add(-1);
        _places?.Leave(wait.Cell, wait.Lease);
        if (waited is { } time)
        {
            Count(wait.Client, time, isAnswered, wait.Lease.Destination, wait.Lease.Stratum);
        }
    }

    /// <summary>A request that has ended somewhere else: counts what a recording says.</summary>
    public void Count(in ResponseOutcome outcome)
    {
        Entered.Add(outcome.Client);
        if (outcome.Fault != Fault.Gateway)
        {
            Count(outcome.Client, TimeSpan.FromMicroseconds(outcome.Microseconds), isAnswered: outcome.Begun || outcome.Fault != Fault.Client, outcome.Destination, outcome.Stratum);
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

    /// <summary>Where the requests that hang are: see <see cref="HangPlaces.Describe"/>.</summary>
    public string? Describe(Func<byte, string>? nameOf) => _places?.Describe(startedAt => _time.GetElapsedTime(startedAt) >= Limit, nameOf);

    private void Count(int client, TimeSpan waited, bool isAnswered, string? destination, byte stratum)
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
            _places?.AddLate(destination, stratum);
            Interlocked.Increment(ref _late);
        }
    }
}
