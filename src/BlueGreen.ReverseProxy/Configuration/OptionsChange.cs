using System.Collections.Frozen;
using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What a changed <c>BlueGreen</c> section changes: which services and options, and what of it needs a restart. Pure.</summary>
internal sealed class OptionsChange
{
    private const string Services = "Services";
    private const string Hooks = "Hooks";
    private const string FailOn = "Bake:FailOn";

    // What is applied while the gateway runs. Every other key needs a restart, so a new one does until somebody has made it follow.
    private static readonly string[] Live = [Services, Hooks, "ErrorPages", "ResponseHeaders", "Mirroring", "Shutdown", "Listen:MaxConnections", "Listen:MaxConnectionsPerAddress"];

    // Tokens and client certificates are reloaded by themselves: a token that is taken away must go, whatever else is wrong in the file.
    private static readonly string[] Elsewhere = ["Admin:Tokens", "Admin:ClientCertificates"];

    // Never shown, whatever the value.
    private static readonly string[] Secrets = ["Password", "Secret", "Sha256"];

    private readonly ImmutableSortedDictionary<string, string?> _before;
    private readonly ImmutableSortedDictionary<string, string?> _after;
    private readonly ImmutableArray<string> _live;
    private readonly ImmutableArray<string> _restart;

    private OptionsChange(ImmutableSortedDictionary<string, string?> before, ImmutableSortedDictionary<string, string?> after)
    {
        _before = before;
        _after = after;
        ImmutableArray<string> keys =
        [
            .. before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase)
                .Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key) && !IsIn(key, Elsewhere))
                .Order(StringComparer.OrdinalIgnoreCase),
        ];
        _live = [.. keys.Where(key => IsIn(key, Live))];
        _restart = [.. keys.Where(key => !IsIn(key, Live))];
        AddedServices = [.. Names(Services, after).Except(Names(Services, before), StringComparer.OrdinalIgnoreCase)];
        RemovedServices = [.. Names(Services, before).Except(Names(Services, after), StringComparer.OrdinalIgnoreCase)];
        ChangedServices = ChangedIn(Services);
    }

    /// <summary>Whether there is something to apply.</summary>
    public bool IsLive => !_live.IsEmpty;

    public ImmutableArray<string> AddedServices { get; }

    public ImmutableArray<string> RemovedServices { get; }

    /// <summary>The services that stay and have other options, with the keys below them.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> ChangedServices { get; }

    /// <summary>The services whose <c>Bake:FailOn</c> has changed.</summary>
    public IEnumerable<string> OtherFailures => ChangedServices.Where(service => service.Value.Contains(FailOn, StringComparer.OrdinalIgnoreCase)).Select(service => service.Key);

    /// <summary>What is applied at the next start only, and what stays until then: one sentence per option.</summary>
    public ImmutableArray<string> NeedRestart =>
    [
        .. _restart.Select(WithoutPosition).Distinct(StringComparer.OrdinalIgnoreCase).Select(key =>
            $"{BlueGreenSettings.Section}:{key} needs a restart; it stays {(Secrets.Any(secret => key.EndsWith(secret, StringComparison.OrdinalIgnoreCase)) ? "as it was" : Before(key))}."),
    ];

    /// <summary>What there is to apply, in the configuration's names and without values: some are secrets.</summary>
    public IEnumerable<string> Describe()
    {
        foreach (var (what, section, added, removed) in new[]
        {
            ("services", Services, AddedServices, RemovedServices),
            ("hooks", Hooks, [.. Names(Hooks, _after).Except(Names(Hooks, _before), StringComparer.OrdinalIgnoreCase)], [.. Names(Hooks, _before).Except(Names(Hooks, _after), StringComparer.OrdinalIgnoreCase)]),
        })
        {
            if (!added.IsEmpty)
            {
                yield return $"{what} added: {string.Join(", ", added)}";
            }

            if (!removed.IsEmpty)
            {
                yield return $"{what} removed: {string.Join(", ", removed)}";
            }

            if (ChangedIn(section) is { IsEmpty: false } changed)
            {
                yield return $"{what} changed: {string.Join(", ", changed.Select(entry => $"{entry.Key} ({string.Join(", ", entry.Value)})"))}";
            }
        }

        var others = _live.Where(key => !IsIn(key, [Services, Hooks])).Select(WithoutPosition).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (others.Count > 0)
        {
            yield return $"options changed: {string.Join(", ", others)}";
        }
    }

    public static OptionsChange Between(ImmutableSortedDictionary<string, string?> before, ImmutableSortedDictionary<string, string?> after) => new(before, after);

    /// <summary>The options to go on with: those that were read, but for what needs a restart and for what has not changed.</summary>
    /// <param name="current">The options in use.</param>
    /// <param name="read">The options that were read.</param>
    /// <remarks>What has not changed stays the same object, so that whoever follows an option need not compare what it says.</remarks>
    public BlueGreenOptions Apply(BlueGreenOptions current, BlueGreenOptions read) => current with
    {
        Listen = current.Listen with { MaxConnections = read.Listen.MaxConnections, MaxConnectionsPerAddress = read.Listen.MaxConnectionsPerAddress },
        ErrorPages = read.ErrorPages,
        ResponseHeaders = read.ResponseHeaders,
        Mirroring = read.Mirroring,
        Shutdown = read.Shutdown,
        Hooks = [.. read.Hooks.Select(hook => current.Hooks.FirstOrDefault(before => before.Name == hook.Name && !HasChanged($"{Hooks}:{hook.Name}")) ?? hook)],
        Services = read.Services.Values
            .Select(service => current.Services.TryGetValue(service.Name, out var before) ? Apply(before, service) : service)
            .ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>The keys of what is applied, to compare the next change with.</summary>
    /// <param name="held">Services whose <c>Bake:FailOn</c> stays as it was: see <see cref="HoldFailures"/>.</param>
    public ImmutableSortedDictionary<string, string?> AppliedKeys(IReadOnlyCollection<string> held)
    {
        bool Stays(string key) => !IsIn(key, Elsewhere) && (!IsIn(key, Live) || held.Any(service => IsIn(key, [$"{Services}:{service}:{FailOn}"])));
        return _after.Where(entry => !Stays(entry.Key)).Concat(_before.Where(entry => Stays(entry.Key))).ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The options with <c>Bake:FailOn</c> of some services as it is now.</summary>
    public static BlueGreenOptions HoldFailures(BlueGreenOptions next, BlueGreenOptions current, IReadOnlyCollection<string> held) => next with
    {
        Services = next.Services.Values
            .Select(service => held.Contains(service.Name, StringComparer.OrdinalIgnoreCase)
                ? service with { Bake = service.Bake with { FailOn = current.Services[service.Name].Bake.FailOn } }
                : service)
            .ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
    };

    private ServiceOptions Apply(ServiceOptions before, ServiceOptions read)
    {
        var section = $"{Services}:{read.Name}";
        return !HasChanged(section) ? before : read with
        {
            Health = HasChanged($"{section}:Health") ? read.Health : before.Health,
            Bake = HasChanged($"{section}:Bake") ? read.Bake : before.Bake,
        };
    }

    private bool HasChanged(string section) => _live.Any(key => IsIn(key, [section]));

    private ImmutableSortedDictionary<string, ImmutableArray<string>> ChangedIn(string section) => Names(section, _before)
        .Intersect(Names(section, _after), StringComparer.OrdinalIgnoreCase)
        .Where(name => HasChanged($"{section}:{name}"))
        .ToImmutableSortedDictionary(
            name => name,
            name => _live
                .Where(key => IsIn(key, [$"{section}:{name}"]))
                .Select(key => WithoutPosition(key[(section.Length + name.Length + 2)..]))
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .ToImmutableArray(),
            StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> Names(string section, ImmutableSortedDictionary<string, string?> keys) => keys.Keys
        .Where(key => IsIn(key, [section]) && key.Length > section.Length)
        .Select(key => key.Split(':')[1])
        .Distinct(StringComparer.OrdinalIgnoreCase)
        .Order(StringComparer.Ordinal);

    private string Before(string key) => _before.GetValueOrDefault(key) is { } value ? $"\"{value}\""
        : _before.Keys.Any(known => IsIn(known, [key])) ? "as it was"
        : "at its default";

    private static bool IsIn(string key, string[] sections) => Array.Exists(sections, section =>
        key.StartsWith(section, StringComparison.OrdinalIgnoreCase) && (key.Length == section.Length || key[section.Length] == ':'));

    // The entries of a list are one option.
    private static string WithoutPosition(string key)
    {
        var parts = key.Split(':');
        var position = Array.FindIndex(parts, part => part.All(char.IsAsciiDigit));
        return position <= 0 ? key : string.Join(':', parts[..position]);
    }
}
