using System.Collections.Immutable;
using System.Threading.Channels;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Configuration.Keys;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>
/// Takes a changed configuration over: the <c>BlueGreen</c> section, and YARP's routes and clusters with it. What has an error is refused
/// whole; what a running release is in the way of is looked at again when that has ended.
/// </summary>
internal sealed partial class ConfigurationReloader(
    IConfiguration configuration,
    BlueGreenSettings started,
    ConfigurationCheck check,
    CurrentOptions options,
    ServiceCatalog services,
    AcceptedConfigProvider accepted,
    ServiceReplacement replacement,
    ReloadStatus status,
    CommittedState state,
    ReleaseEngine engine,
    IHostApplicationLifetime lifetime,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<ConfigurationReloader> logger) : BackgroundService
{
    private const string Proxy = "ReverseProxy";

    // A line of the log is for people.
    private const int MostNames = 10;

    // One change reaches the configuration, YARP's provider and the files of one folder one after the other. It only spares looks that
    // find half of a change: what comes later has everything looked at again.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(100);

    // A disk that does not take a new service may take it later.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // What is in use, by key: the next change is compared with it.
    private ImmutableSortedDictionary<string, string?> _keys = started.Keys;
    private ImmutableSortedDictionary<string, string?> _proxyKeys = BlueGreenSettings.KeysOf(configuration.GetSection(Proxy));
    private IReadOnlyCollection<string> _waits = [];
    private IReadOnlyCollection<string> _refusals = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not during a stop: the state is given up by then, and what is in flight drains as it was.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await loops.RunAsync("reload", subject: null, FollowAsync, stop.Token);
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        using var section = ChangeToken.OnChange(configuration.GetReloadToken, Signal);
        using var providers = accepted.OnChange(Signal);
        while (true)
        {
            // Taken before the look: what changes during it has another one made. The first look finds what changed before this loop began.
            _changes.Reader.TryRead(out _);
            var again = await LookAsync(stopping);
            await Race.FirstAsync(stopping, ChangedAsync, token => again(token));
            await Task.Delay(SettleTime, time, stopping);
        }
    }

    private void Signal() => _changes.Writer.TryWrite(true);

    private async Task ChangedAsync(CancellationToken stopping) => await _changes.Reader.WaitToReadAsync(stopping);

    /// <summary>Compares the configuration with what is in use, and takes it over.</summary>
    /// <returns>What to wait for, beside another change, before looking again.</returns>
    private async Task<Func<CancellationToken, Task>> LookAsync(CancellationToken stopping)
    {
        var read = BlueGreenSettings.Read(configuration);
        var proxyKeys = BlueGreenSettings.KeysOf(configuration.GetSection(Proxy));
        var change = OptionsChange.Between(_keys, read.Keys);
        var proxy = accepted.Read(services.Current);
        if (!change.IsLive && change.NeedRestart.IsEmpty && IsInUse(proxy) && proxyKeys.SequenceEqual(_proxyKeys))
        {
            Say([], []);
            return Never;
        }

        if (LostSection(read.Keys, proxyKeys) is { } lost)
        {
            Say([], [$"there is no {lost} any more. Put it back; to take it away, restart the gateway"]);
            return Never;
        }

        var errors = (await check.FindErrorsAsync(read, () => [proxy])).Where(error => !IsHarmless(error)).Select(error => error.ToString()).ToList();
        if (errors.Count > 0)
        {
            Say(change.NeedRestart, errors);
            return Never;
        }

        try
        {
            var (blocks, held) = change.IsLive || !IsInUse(proxy) ? await replacement.ReplaceAsync(change, change.Apply(options.Value, read.Options), stopping) : ([], []);
            if (!blocks.IsEmpty)
            {
                Say(change.NeedRestart, [.. blocks.Select(block => block.Text)]);
                return token => state.WaitUntilAsync(
                    current => !blocks.Any(block => current.Running.Exists(release => release.Id == block.Release && release.Holds(block.Service))), token);
            }

            Report(OptionsChange.Between(_keys, change.AppliedKeys(held)), proxyKeys);
            _keys = change.AppliedKeys(held);
            _proxyKeys = proxyKeys;
            Say([.. change.NeedRestart, .. held.Select(name => $"BlueGreen:Services:{name}:Bake:FailOn stays as it was while a release of {name} runs, and follows then.")], []);
            return held.IsEmpty ? Never : token => state.WaitUntilAsync(current => !held.Any(name => current.Running.Exists(release => release.Holds(name))), token);
        }
        catch (StateUnavailableException exception)
        {
            Say(change.NeedRestart, [$"New services can't be stored; it is tried again every {RetryInterval.TotalSeconds} s: {exception.Message}"]);
            return token => Task.Delay(RetryInterval, time, token);
        }
        catch (InvalidOperationException exception)
        {
            Say(change.NeedRestart, [exception.Message]);
            return Never;
        }
    }

    // A file that is missing for a moment, or empty, must not take every service and route away.
    private string? LostSection(ImmutableSortedDictionary<string, string?> keys, ImmutableSortedDictionary<string, string?> proxyKeys)
    {
        bool IsLost(string section) => HasChildren(_proxyKeys, section) && !HasChildren(proxyKeys, section);
        return HasChildren(_keys, "Services") && !HasChildren(keys, "Services") ? $"{BlueGreenSettings.Section}:Services"
            : IsLost("Routes") ? $"{Proxy}:Routes"
            : IsLost("Clusters") ? $"{Proxy}:Clusters"
            : null;
    }

    private static bool HasChildren(ImmutableSortedDictionary<string, string?> keys, string section) =>
        keys.Keys.Any(key => key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase));

    private Task Never(CancellationToken stopping) => Task.Delay(Timeout.InfiniteTimeSpan, time, stopping);

    private bool IsInUse(AcceptedConfig proxy) =>
        proxy.Routes.SequenceEqual(accepted.Accepted.Routes) && proxy.Clusters.SequenceEqual(accepted.Accepted.Clusters);

    // A key that nobody reads ends a start, but is no reason to refuse the rest; it is warned of where the file is read. Without this one
    // YARP reads nothing.
    private static bool IsHarmless(ConfigurationError error) => error.Key.StartsWith($"{Proxy}:", StringComparison.OrdinalIgnoreCase)
        && KeyCheck.IsUnknownKey(error)
        && !error.Key.EndsWith(":RouteId", StringComparison.OrdinalIgnoreCase);

    private void Report(OptionsChange change, ImmutableSortedDictionary<string, string?> proxyKeys)
    {
        var what = change.Describe().ToList();
        var routes = proxyKeys.Except(_proxyKeys).Concat(_proxyKeys.Except(proxyKeys))
            .Select(entry => string.Join(':', entry.Key.Split(':').Take(2)))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (routes.Count > 0)
        {
            what.Add($"{Proxy}: {string.Join(", ", routes.Take(MostNames))}{(routes.Count > MostNames ? $" and {routes.Count - MostNames} more" : "")}");
        }

        if (what.Count == 0)
        {
            return;
        }

        var text = string.Join("; ", what);
        LogApplied(logger, text);
        string[] named = [.. change.AddedServices, .. change.RemovedServices, .. change.ChangedServices.Keys];
        loops.Start("audit", () => engine.AuditAsync(Caller.Gateway, "configuration", "done", named, release: null, force: false, reason: null, $"The changed configuration was applied: {text}."));
    }

    // Looked at again at every change of any file: each line is logged once, until it was no longer true.
    private void Say(IReadOnlyCollection<string> waits, IReadOnlyCollection<string> refusals)
    {
        status.Set([.. waits, .. refusals.Select(refusal => $"The configuration has a change that is not applied: {refusal}")]);
        foreach (var wait in waits.Except(_waits))
        {
            LogWaits(logger, wait);
        }

        foreach (var refusal in refusals.Except(_refusals))
        {
            LogRefused(logger, refusal);
        }

        if (refusals.Count == 0 && _refusals.Count > 0)
        {
            LogMended(logger);
        }

        (_waits, _refusals) = (waits, refusals);
    }

    [LoggerMessage(8201, LogLevel.Information, "The changed configuration was applied: {What}.")]
    private static partial void LogApplied(ILogger logger, string what);

    [LoggerMessage(8202, LogLevel.Error, "The changed configuration is not applied, and everything stays as it was: {Error}")]
    private static partial void LogRefused(ILogger logger, string error);

    [LoggerMessage(8203, LogLevel.Warning, "{Option}")]
    private static partial void LogWaits(ILogger logger, string option);

    [LoggerMessage(8204, LogLevel.Information, "Nothing in the configuration is refused any more.")]
    private static partial void LogMended(ILogger logger);
}
