using System.Security.Cryptography;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Mirroring.Comparing;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>What was ordered.</summary>
/// <param name="Service">The service.</param>
/// <param name="Generation">Its generation then; the mirror ends with it.</param>
/// <param name="From">The slot that was active then.</param>
/// <param name="Settings">Which requests are copied.</param>
/// <param name="Actor">Who has ordered it.</param>
/// <param name="Reason">Why; null where that was not said.</param>
/// <param name="Since">When (UTC).</param>
internal sealed record MirrorOrder(Service Service, long Generation, SlotName From, MirrorSettings Settings, string Actor, string? Reason, DateTimeOffset Since)
{
    /// <summary>The slot that gets the copies.</summary>
    public SlotName To => From.Other();
}

/// <summary>A mirror from its order to its end, with everything that it has counted.</summary>
/// <remarks>
/// The interleaving with its end: a copy takes its place (<see cref="TryEnter"/>), takes its lease, and takes <see cref="Ending"/>. The end is
/// a cancellation: a copy that takes the token before is cancelled, one that takes it after finds it cancelled and is not sent. So once a
/// change of the service is acknowledged, no copy of an earlier mirror begins, and those that had begun are being cancelled.
/// </remarks>
internal sealed class MirrorRun(MirrorOrder order, byte[]? key, TimeProvider time, MirrorTotals? totals = null)
{
    private const double Whole = 100;

    private readonly MirrorTotals _totals = totals ?? new();
    private readonly DrainSignal _end = new();
    private readonly RecentCopies _recent = new(order.Settings.MaxLatency);
    private readonly RequestRate _rate = new(order.Settings.MaxPerSecond, time);
    private readonly long[] _skipped = new long[MirrorSkips.All.Count];
    private int _open;
    private long _sent;
    private long _repeated;
    private long _answered;
    private long _failed;
    private long _sameStatus;

    public MirrorOrder Order => order;

    public MirrorSettings Settings => order.Settings;

    /// <summary>When it ends by itself, at the latest (UTC).</summary>
    public DateTimeOffset EndsAt => order.Since + order.Settings.Duration;

    /// <summary>Signs the marks of the copies. Without a configured key nobody else has it: nobody can forge a mark, nor verify one.</summary>
    public byte[] Key { get; } = key ?? RandomNumberGenerator.GetBytes(32);

    /// <summary>The version that the active slot reported when it began; null for none.</summary>
    public string? ActiveVersion { get; } = order.Service[order.From].ReportedVersion;

    /// <summary>The same of the standby.</summary>
    public string? StandbyVersion { get; } = order.Service[order.To].ReportedVersion;

    /// <summary>The standby's destinations that were unhealthy when it began, by id, with the time of the newest probe that said so (UTC).</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> SickBefore { get; set; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>What has changed in either slot that no generation tells; null as long as nothing has.</summary>
    public string? Outdated { get; private set; }

    /// <summary>Whether APIs can verify the marks.</summary>
    public bool IsVerifiable { get; } = key is not null;

    /// <summary>When and why it has ended; null as long as it goes on.</summary>
    public MirrorEnd? End { get; private set; }

    /// <summary>Cancels the copies. Take it once per copy.</summary>
    public CancellationToken Ending => _end.Token;

    /// <summary>Whether it has ended, or is about to.</summary>
    public bool IsEnding => _end.IsRaised;

    /// <summary>Where the answers differ.</summary>
    public DifferenceReport Report { get; } = new();

    /// <summary>The copies that are under way.</summary>
    public int Open => Volatile.Read(ref _open);

    public MirrorCounts Counts => new(
        Volatile.Read(ref _sent),
        Volatile.Read(ref _repeated),
        Volatile.Read(ref _answered),
        Volatile.Read(ref _failed),
        Volatile.Read(ref _sameStatus),
        [.. MirrorSkips.All.Select(skip => (skip, Volatile.Read(ref _skipped[(int)skip])))]);

    /// <summary>How often a request of this method is sent to the standby; 0 for those that are not copied.</summary>
    /// <remarks>Above 100 % the standby gets more requests than the active slot, but never one twice that may change something.</remarks>
    public int Draw(string method)
    {
        if (!Settings.Methods.Contains(method))
        {
            return 0;
        }

        var (whole, rest) = ((int)(Settings.Percent / Whole), Settings.Percent % Whole);
        var copies = whole + (rest > 0 && Random.Shared.NextDouble() * Whole < rest ? 1 : 0);
        return copies > 1 && !MirrorSettings.SafeMethods.Contains(method) ? 1 : copies;
    }

    /// <summary>Takes a place among the copies that are under way. Give it back with <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) > Settings.MaxConcurrent)
        {
            Interlocked.Decrement(ref _open);
            Skip(MirrorSkip.Concurrency);
            return false;
        }

        if (!_rate.TryTake())
        {
            Interlocked.Decrement(ref _open);
            Skip(MirrorSkip.Rate);
            return false;
        }

        return true;
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public void Skip(MirrorSkip why)
    {
        Interlocked.Increment(ref _skipped[(int)why]);
        _totals.Skip(why);
    }

    /// <summary>Counts a copy that is sent to the standby.</summary>
    /// <param name="isRepeated">Whether the standby gets the same request already: for load, its answer is not compared.</param>
    public void CountSent(bool isRepeated)
    {
        Interlocked.Increment(ref _sent);
        _totals.CountSent();
        if (isRepeated)
        {
            Interlocked.Increment(ref _repeated);
        }
    }

    /// <summary>Takes in how the standby took a copy.</summary>
    /// <returns>Why the standby suffers; null if it does not.</returns>
    public string? Judge(MirrorAnswer answer) => _recent.Add(answer.Failure is null ? answer.Latency : null);

    /// <summary>Whether a second copy of a request goes to the active slot, to measure noise. Never of one that may change something.</summary>
    public bool MeasuresNoise(string method) =>
        MirrorSettings.SafeMethods.Contains(method) && Random.Shared.NextDouble() * 100 < Settings.Compare.NoisePercent;

    /// <summary>Takes in the answers to a request. It compares them first: call this on no client's flow.</summary>
    /// <param name="route">The id of the request's route.</param>
    /// <param name="active">The active slot's answer.</param>
    /// <param name="standby">The standby's.</param>
    /// <param name="second">What the active slot answered the second time; null where it was asked once.</param>
    public void Add(string route, MirrorAnswer active, MirrorAnswer standby, MirrorAnswer? second)
    {
        Interlocked.Increment(ref standby.Failure is null ? ref _answered : ref _failed);
        if (standby.Failure is null)
        {
            _totals.CountAnswered(Order.From, active.Latency, standby.Latency);
        }
        else
        {
            _totals.CountFailed();
        }

        if (standby.Failure is null && active.Status == standby.Status)
        {
            Interlocked.Increment(ref _sameStatus);
        }

        var found = Find(active, standby);
        if (found.Count > 0)
        {
            _totals.CountDifferent();
        }

        var noise = second is null or { Skipped: not null } or { IsStreaming: true } ? null : Find(active, second);
        Report.Add(
            route,
            found,
            noise,
            standby.Failure is null ? (active.Latency, standby.Latency) : null,
            AnswerComparison.AreBodiesKept(active, standby),
            time.GetUtcNow());
    }

    // No whole answer is nothing that anybody can want to ignore.
    private IReadOnlyList<Difference> Find(MirrorAnswer active, MirrorAnswer other)
    {
        var found = AnswerComparison.Find(active, other, Settings.Compare, Settings.MaxBodyBytes);
        return Settings.Compare.Ignore.IsEmpty || other.Failure is not null ? found : [.. found.Where(difference => !IsIgnored(difference.Path))];
    }

    private bool IsIgnored(string path) => Settings.Compare.IsIgnored(path)
        || (path.StartsWith(AnswerComparison.Header, StringComparison.Ordinal) && Settings.Compare.Ignore.Contains(path, StringComparer.OrdinalIgnoreCase));

    /// <summary>What it has counted is about other versions from now on.</summary>
    public void Outdate(string what) => Outdated ??= what;

    /// <summary>Ends it. Called once, by <see cref="MirrorRuns"/>.</summary>
    public void EndAs(MirrorEnd end)
    {
        End = end;

        // The callbacks run on the pool: nobody who ends a mirror, such as a switch, waits for its copies.
        _end.Raise();
    }
}

/// <summary>How a mirror has ended.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Why">For people.</param>
/// <param name="IsAlarm">Whether somebody should look at the standby.</param>
internal sealed record MirrorEnd(DateTimeOffset At, string Why, bool IsAlarm = false);

/// <summary>What a mirror has counted.</summary>
/// <param name="Sent">Copies that were sent.</param>
/// <param name="Repeated">How many of them are further copies of the same request.</param>
/// <param name="Answered">Pairs of answers.</param>
/// <param name="Failed">Copies without a whole answer, while the active slot gave one.</param>
/// <param name="SameStatus">Pairs with the same status code.</param>
/// <param name="Skipped">Requests that were drawn and not copied, or not compared.</param>
internal sealed record MirrorCounts(long Sent, long Repeated, long Answered, long Failed, long SameStatus, IReadOnlyList<(MirrorSkip Why, long Count)> Skipped);
