using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>One refusal, as the audit journal is to have it.</summary>
internal sealed record RefusedCall(Caller Caller, ClientNetwork Network, string Action, string Code, IReadOnlyList<string> Services, string Detail, bool IsKnown);

/// <summary>
/// Writes refusals into the audit journal without letting anybody fill the disk: the first of a kind at once, more of the same kind
/// as a count when the minute is over. Whatever is sent, a minute costs at most <see cref="PerMinute"/> entries of callers that are not
/// known, as many of those that are, and <see cref="Summaries"/> counts and one.
/// </summary>
internal sealed class RefusalAudit(CommittedState state, BackgroundLoops loops, TimeProvider time) : IDisposable
{
    /// <summary>Entries a minute that are written at once: of unknown callers, and again of known ones.</summary>
    public const int PerMinute = 20;

    /// <summary>Entries a minute that count the refusals of one kind; the rest is counted together.</summary>
    public const int Summaries = 10;

    // How many of one kind are written at once when the caller is known, who made a mistake, and when not, who guesses.
    private const int OfAKnownCaller = 5;
    private const int OfAnUnknownCaller = 1;
    private const int MaxKinds = 1000;
    private const int MaxWaiting = 100;
    private const int MaxDetail = 500;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // An answer is sent when its entry is written; a disk that hangs does not hold it up for longer than this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Kind, (int Written, int Counted)> _kinds = [];
    private int _known;
    private int _unknown;
    private long _others;
    private int _waiting;
    private ITimer? _end;
    private bool _disposed;

    public async Task NoteAsync(RefusedCall call)
    {
        if (!Take(call))
        {
            return;
        }

        try
        {
            await WriteAsync(call.Caller, call.Action, call.Code, call.Services, call.Detail).WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            // It is written as soon as the disk takes it.
        }
    }

    /// <summary>Writes what was only counted so far; a new minute begins.</summary>
    public Task FlushAsync()
    {
        List<KeyValuePair<Kind, (int Written, int Counted)>> counted;
        long others;
        lock (_lock)
        {
            counted = [.. _kinds.Where(kind => kind.Value.Counted > 0).OrderByDescending(kind => kind.Value.Counted)];
            others = _others + counted.Skip(Summaries).Sum(kind => (long)kind.Value.Counted);
            _kinds.Clear();
            _known = _unknown = 0;
            _others = 0;
            _end?.Dispose();
            _end = null;
        }

        // All at once and not one after the other: each has its place in the line of writers before whoever comes next, such as the
        // end of the gateway's writing.
        var writes = counted.Take(Summaries).Select(kind => WriteAsync(
            new Caller(kind.Key.Actor, kind.Key.Network.ToString()),
            kind.Key.Action,
            kind.Key.Code,
            [],
            $"{kind.Value.Counted} more within a minute")).ToList();
        if (others > 0)
        {
            writes.Add(WriteAsync(new Caller("several", null), "several", ProblemCodes.TooManyRequests, [], $"{others} more refusals of many kinds within a minute"));
        }

        return Task.WhenAll(writes);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _end?.Dispose();
            _end = null;
        }
    }

    private bool Take(RefusedCall call)
    {
        var kind = new Kind(call.Caller.Actor, call.Network, call.Action, call.Code);
        lock (_lock)
        {
            if (_disposed)
            {
                return false;
            }

            _end ??= time.CreateTimer(_ => loops.Start("audit", FlushAsync), state: null, Minute, Timeout.InfiniteTimeSpan);
            if (!_kinds.TryGetValue(kind, out var counts) && _kinds.Count >= MaxKinds)
            {
                _others++;
                return false;
            }

            ref var spent = ref call.IsKnown ? ref _known : ref _unknown;
            if (counts.Written < (call.IsKnown ? OfAKnownCaller : OfAnUnknownCaller) && spent < PerMinute && Volatile.Read(ref _waiting) < MaxWaiting)
            {
                spent++;
                _kinds[kind] = (counts.Written + 1, counts.Counted);
                return true;
            }

            _kinds[kind] = (counts.Written, counts.Counted + 1);
            return false;
        }
    }

    private async Task WriteAsync(Caller caller, string action, string code, IReadOnlyList<string> services, string detail)
    {
        var at = time.GetUtcNow();
        Interlocked.Increment(ref _waiting);
        try
        {
            await state.AuditAsync(new AuditRecord(
                Sequence: 0,
                at,
                caller.Actor,
                caller.Client,
                action,
                code,
                services,
                Release: null,
                Force: false,
                Reason: null,
                detail.Length > MaxDetail ? string.Concat(detail.AsSpan(0, MaxDetail), "…") : detail));
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private readonly record struct Kind(string Actor, ClientNetwork Network, string Action, string Code);
}
