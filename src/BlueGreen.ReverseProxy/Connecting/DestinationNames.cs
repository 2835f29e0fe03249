using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Knows the addresses behind the names of destinations: the last ones that a lookup has found.</summary>
/// <remarks>
/// One lookup per name runs at a time, and it publishes its result itself when it ends. Whoever waits for it gives up after
/// <see cref="LookupTimeout"/> and goes on with what is known; a later result is there for the next one that asks. So a name server
/// that takes longer than the timeout still gets its names resolved, and one that hangs holds up neither a configuration nor a request.
/// </remarks>
#pragma warning disable CA1001 // Never disposed: a lookup that hangs releases its turn late, and a semaphore without a wait handle holds nothing to free.
internal sealed partial class DestinationNames(DestinationOptions options, NameLookup lookup, TimeProvider time, ILogger<DestinationNames> logger)
#pragma warning restore CA1001
{
    /// <summary>How long anybody waits for a lookup.</summary>
    public static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestUnresolved = TimeSpan.FromSeconds(5);

    // Each may block a thread for as long as the system's resolver takes.
    private const int MaxConcurrentLookups = 8;

    private readonly SemaphoreSlim _turns = new(MaxConcurrentLookups);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _running = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _failing = new(StringComparer.OrdinalIgnoreCase);
    private ImmutableHashSet<string> _inUse = ImmutableHashSet.Create<string>(StringComparer.OrdinalIgnoreCase);
    private ImmutableDictionary<string, NameAnswer> _known = ImmutableDictionary.Create<string, NameAnswer>(StringComparer.OrdinalIgnoreCase);
    private ImmutableDictionary<string, NameAnswer>? _taken;

    /// <summary>Whether names are resolved at all.</summary>
    public bool IsOn => options.Resolve;

    /// <summary>Whether something has changed since the last <see cref="ResolveAsync"/>.</summary>
    public bool HasNews
    {
        get
        {
            lock (_lock)
            {
                return _taken is not null && !ReferenceEquals(_taken, _known);
            }
        }
    }

    /// <summary>How long until the next refresh; a name that leads nowhere takes no traffic and is asked for more often.</summary>
    public TimeSpan UntilRefresh
    {
        get
        {
            lock (_lock)
            {
                return options.RefreshPeriod > LongestUnresolved && _inUse.Any(host => !_known.TryGetValue(host, out var answer) || answer.Addresses.IsEmpty)
                    ? LongestUnresolved
                    : options.RefreshPeriod;
            }
        }
    }

    /// <summary>What is known of these names, after those that were never looked up have been.</summary>
    /// <param name="hosts">The names.</param>
    /// <param name="afresh">Whether the others are looked up again, too; otherwise they cost no time.</param>
    public async Task<ImmutableDictionary<string, NameAnswer>> ResolveAsync(IReadOnlyCollection<string> hosts, bool afresh = false)
    {
        List<string> unknown;
        lock (_lock)
        {
            _inUse = _inUse.Union(hosts);
            unknown = [.. hosts.Where(host => afresh || !_known.ContainsKey(host)).Distinct(StringComparer.OrdinalIgnoreCase)];
        }

        await LookUpAsync(unknown);
        lock (_lock)
        {
            return _taken = _known;
        }
    }

    /// <summary>Call this when the names of a configuration are in use: no others are looked up from then on.</summary>
    public void KeepOnly(IReadOnlyCollection<string> hosts)
    {
        lock (_lock)
        {
            var hasNews = !ReferenceEquals(_taken, _known);
            _inUse = _inUse.Clear().Union(hosts);
            _known = _known.RemoveRange(_known.Keys.Where(host => !_inUse.Contains(host)));
            _failing.IntersectWith(_inUse);
            _taken = hasNews ? _taken : _known;
        }
    }

    /// <summary>Looks all names in use up again.</summary>
    public Task RefreshAsync()
    {
        ImmutableHashSet<string> hosts;
        lock (_lock)
        {
            hosts = _inUse;
        }

        return LookUpAsync(hosts);
    }

    private async Task LookUpAsync(IReadOnlyCollection<string> hosts)
    {
        var lookups = hosts.Select(host => (Host: host, Task: LookupOf(host))).ToList();
        var all = Task.WhenAll(lookups.Select(one => one.Task));
        if (all.IsCompleted)
        {
            return;
        }

        await all.WaitAsync(LookupTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (host, task) in lookups)
        {
            if (!task.IsCompleted)
            {
                Publish(host, NameAnswer.None(host, $"no answer within {LookupTimeout.TotalSeconds:0} s"), task);
            }
        }
    }

    private Task LookupOf(string host)
    {
        lock (_lock)
        {
            if (!_running.TryGetValue(host, out var running))
            {
                // No part of the log scope or trace of the deployment that may have brought the name.
                using var alone = ExecutionContext.SuppressFlow();
                _running[host] = running = Task.Run(() => RunAsync(host));
            }

            return running;
        }
    }

    // Never throws.
    private async Task RunAsync(string host)
    {
        NameAnswer answer;
        await _turns.WaitAsync();
        try
        {
            answer = NameAnswer.Of(host, await lookup(host), options);
        }
#pragma warning disable CA1031 // Whatever a resolver throws, it has not answered; the answer says so, and the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answer = NameAnswer.None(host, exception.Message);
        }
        finally
        {
            _turns.Release();
        }

        Publish(host, answer, waitedFor: null);
    }

    // A lookup may end in the very moment in which its waiter gives up. Whichever comes first under the lock publishes; the waiter says
    // "no answer" only as long as the lookup that it has waited for is still the one that runs.
    private void Publish(string host, NameAnswer answer, Task? waitedFor)
    {
        NameAnswer? before;
        bool isFirstFailure;
        lock (_lock)
        {
            if (waitedFor is null)
            {
                _running.Remove(host);
            }
            else if (!ReferenceEquals(_running.GetValueOrDefault(host), waitedFor))
            {
                return;
            }

            if (!_inUse.Contains(host))
            {
                return;
            }

            before = _known.GetValueOrDefault(host);
            isFirstFailure = answer.Addresses.IsEmpty && _failing.Add(host);
            var recovered = !answer.Addresses.IsEmpty && _failing.Remove(host);
            if (Replaces(before, answer))
            {
                _known = _known.SetItem(host, answer);
            }
            else if (!recovered && !isFirstFailure)
            {
                return;
            }
        }

        Report(host, before, answer, isFirstFailure);
    }

    // Fail static: no answer, or none that is allowed, takes no address away.
    private static bool Replaces(NameAnswer? before, NameAnswer answer) =>
        before is null
        || (answer.Addresses.IsEmpty
            ? before.Addresses.IsEmpty && before.Problem != answer.Problem
            : !before.Addresses.SequenceEqual(answer.Addresses) || before.Refused != answer.Refused);
}
