using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads the <c>BlueGreen</c> section; finds every error in one pass.</summary>
internal static class BlueGreenOptionsReader
{
    private const int MaxNameLength = 64;
    private const int MostConnections = 1_000_000;
    private const string PathAllowed = "is not allowed: a path that begins with one slash, such as /health";
    private const string StatusCodesAllowed = "is not allowed: status codes and ranges from 100 to 599, such as \"200\", \"200-299\" or \"200,204\"";

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ShortestRefresh = TimeSpan.FromMilliseconds(100);
    private const int SmallestJournal = 4 * 1024;
    private const int LargestJournal = 64 * 1024 * 1024;

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestApproval = TimeSpan.FromDays(7);
    private static readonly TimeSpan LongestDecommission = TimeSpan.FromDays(365);

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="record">Notes down which keys there are; see <see cref="BlueGreenKeys"/>.</param>
    public static (BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors) Read(IConfigurationSection section, SettingNode? record = null)
    {
        var errors = new List<ConfigurationError>();
        var reader = new SectionReader(section, errors, record);
        var options = new BlueGreenOptions
        {
            Admin = AdminOptionsReader.Read(reader.Section("Admin")),
            State = ReadState(reader.Section("State")),
            Listen = ReadListen(reader.Section("Listen")),
            Forwarding = ReadForwarding(reader.Section("Forwarding")),
            Destinations = ReadDestinations(reader.Section("Destinations")),
            Policies = RoutePolicyOptionsReader.Read(reader.Section("Policies")),
            Mirroring = MirroringOptionsReader.Read(reader.Section("Mirroring")),
            Shutdown = ReadShutdown(reader.Section("Shutdown")),
            ResponseHeaders = ReadResponseHeaders(reader.Section("ResponseHeaders")),
            ErrorPages = ErrorPageOptionsReader.Read(reader.Section("ErrorPages")),
            Services = ReadServices(reader.Section("Services")),
        };
        options = options with { Hooks = HookOptionsReader.Read(reader.Section("Hooks"), options.Services.Keys) };
        PreviewOptionsReader.Check(options, errors);
        reader.RejectUnknown();
        return (options, errors);
    }

    private static StateOptions ReadState(SectionReader reader)
    {
        var directory = reader.Text("Directory") ?? new StateOptions().Directory;
        var lockTimeout = reader.Duration("LockTimeout", TimeSpan.Zero, TimeSpan.Zero, LongestInterval);
        if (directory.IndexOfAny(Path.GetInvalidPathChars()) >= 0)
        {
            reader.Error("Directory", directory, "is not allowed: the path of a folder");
        }

        var defaults = new StateOptions();
        var retention = reader.Duration("Retention", defaults.Retention, TimeSpan.FromDays(1), TimeSpan.FromDays(3650));
        var journalAge = reader.Duration("JournalAge", defaults.JournalAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(365));
        var journalBytes = reader.Integer("JournalBytes", (int)defaults.JournalBytes, SmallestJournal, LargestJournal);
        reader.RejectUnknown();
        return new StateOptions { Directory = directory, LockTimeout = lockTimeout, Retention = retention, JournalAge = journalAge, JournalBytes = journalBytes };
    }

    private static ListenerOptions ReadListen(SectionReader reader)
    {
        var options = new ListenerOptions
        {
            ReusePort = reader.Boolean("ReusePort", fallback: false),
            MaxConnections = reader.Integer("MaxConnections", ListenerOptions.DefaultMaxConnections, 0, MostConnections),
            MaxConnectionsPerAddress = reader.Text("MaxConnectionsPerAddress") is null
                ? null
                : reader.Integer("MaxConnectionsPerAddress", ListenerOptions.DefaultMaxConnectionsPerAddress, 0, MostConnections),
        };
        if (options.ReusePort && !OperatingSystem.IsLinux())
        {
            reader.Error("ReusePort", "true", "is not allowed here: only Linux hands the connections of a shared port over without loss");
        }

        reader.RejectUnknown();
        return options;
    }

    private static ForwardingOptions ReadForwarding(SectionReader reader)
    {
        var options = new ForwardingOptions
        {
            TrustedProxies = reader.Networks("TrustedProxies"),
            MaxHops = reader.Integer("MaxHops", new ForwardingOptions().MaxHops, 1, 100),
        };
        reader.RejectUnknown();
        return options;
    }

    private static DestinationOptions ReadDestinations(SectionReader reader)
    {
        var defaults = new DestinationOptions();
        var options = new DestinationOptions
        {
            AllowedNetworks = reader.Networks("AllowedNetworks"),
            Resolve = reader.Boolean("Resolve", defaults.Resolve),
            RefreshPeriod = reader.Duration("RefreshPeriod", defaults.RefreshPeriod, ShortestRefresh, LongestInterval),
            PreferredFamily = reader.Parse<AddressFamily>("PreferredFamily", defaults.PreferredFamily, TryParseFamily, "is not allowed: IPv4 or IPv6"),
            ConnectionLifetime = reader.Duration("ConnectionLifetime", defaults.ConnectionLifetime, TimeSpan.FromSeconds(1), LongestInterval),
        };
        reader.RejectUnknown();
        return options;
    }

    private static bool TryParseFamily(string text, out AddressFamily family)
    {
        family = string.Equals(text, "IPv6", StringComparison.OrdinalIgnoreCase) ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return family == AddressFamily.InterNetworkV6 || string.Equals(text, "IPv4", StringComparison.OrdinalIgnoreCase);
    }

    private static ShutdownOptions ReadShutdown(SectionReader reader)
    {
        var defaults = new ShutdownOptions();
        var options = new ShutdownOptions
        {
            Delay = reader.Duration("Delay", defaults.Delay, TimeSpan.Zero, LongestInterval),
            Timeout = reader.Duration("Timeout", defaults.Timeout, TimeSpan.Zero, LongestInterval),
            IdleConnections = reader.Duration("IdleConnections", defaults.IdleConnections, TimeSpan.Zero, LongestInterval),
        };
        reader.RejectUnknown();
        return options;
    }

    private static ResponseHeaderOptions ReadResponseHeaders(SectionReader reader)
    {
        var options = new ResponseHeaderOptions
        {
            Environment = reader.Boolean("Environment", fallback: true),
            Version = reader.Boolean("Version", fallback: true),
        };
        reader.RejectUnknown();
        return options;
    }

    private static FrozenDictionary<string, ServiceOptions> ReadServices(SectionReader reader)
    {
        var services = new Dictionary<string, ServiceOptions>(StringComparer.OrdinalIgnoreCase);
        var clusters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, entry) in reader.Children())
        {
            if (name.Length > MaxNameLength || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            {
                reader.Error(name, name, $"is not allowed as a service name: 1 to {MaxNameLength} of A-Z a-z 0-9 - _ .");
            }

            var service = ReadService(name, entry);
            foreach (var slot in SlotNames.All)
            {
                var cluster = service.ClusterOf(slot);
                if (cluster.Length == 0)
                {
                    continue;
                }

                if (!clusters.TryAdd(cluster, $"{name}:{slot}"))
                {
                    entry.Error(slot.ToString(), cluster, $"is not allowed: the cluster is {clusters[cluster]} already, and a cluster can be one slot only");
                }
            }

            services[name] = service;
        }

        return services.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static ServiceOptions ReadService(string name, SectionReader reader)
    {
        var defaults = new ServiceOptions { Name = name, Blue = "", Green = "" };
        var drain = reader.Section("Drain");
        var decommission = reader.Section("Decommission");
        var approval = reader.Section("Approval");
        var options = defaults with
        {
            Blue = reader.RequiredText("Blue", "the id of a cluster in ReverseProxy:Clusters"),
            Green = reader.RequiredText("Green", "the id of a cluster in ReverseProxy:Clusters"),
            InitialActive = reader.Name("InitialActive", defaults.InitialActive),
            Health = ReadHealth(reader.Section("Health")),
            DrainTimeout = drain.Duration("Timeout", defaults.DrainTimeout, TimeSpan.Zero, LongestInterval),
            LongLived = ReadLongLived(drain.Section("LongLived")),
            Bake = BakeOptionsReader.Read(reader.Section("Bake")),
            Capacity = ReadCapacity(reader.Section("Capacity")),
            WarmUp = ReadWarmUp(reader.Section("WarmUp")),
            Preview = PreviewOptionsReader.Read(reader.Section("Preview")),
            Traffic = TrafficOptionsReader.Read(reader.Section("Traffic")),
            Hold = HoldOptionsReader.Read(reader.Section("Hold")),
            ErrorPages = ErrorPageOptionsReader.Read(reader.Section("ErrorPages")),
            ApprovalTimeout = approval.Duration("Timeout", defaults.ApprovalTimeout, ShortestInterval, LongestApproval),
            DecommissionAfter = decommission.Duration("After", defaults.DecommissionAfter, TimeSpan.Zero, LongestDecommission),
        };
        drain.RejectUnknown();
        decommission.RejectUnknown();
        approval.RejectUnknown();
        reader.RejectUnknown();
        return options;
    }

    private static LongLivedOptions ReadLongLived(SectionReader reader)
    {
        var defaults = new LongLivedOptions();
        var options = new LongLivedOptions
        {
            Grace = reader.Duration("Grace", defaults.Grace, TimeSpan.Zero, LongestInterval),
            Spread = reader.Duration("Spread", defaults.Spread, TimeSpan.Zero, LongestInterval),
            CloseCode = reader.Parse(
                "CloseCode",
                defaults.CloseCode,
                (string text, out int code) =>
                    int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code)
                    && code is LongLivedOptions.ServiceRestart or LongLivedOptions.GoingAway,
                $"is not allowed: {LongLivedOptions.ServiceRestart} (service restart) or {LongLivedOptions.GoingAway} (going away)"),
            StreamAfter = reader.Duration("StreamAfter", defaults.StreamAfter, ShortestInterval, LongestInterval),
        };
        reader.RejectUnknown();
        return options;
    }

    private static CapacityOptions ReadCapacity(SectionReader reader)
    {
        var defaults = new CapacityOptions();
        var options = new CapacityOptions
        {
            MinDestinations = reader.Integer("MinDestinations", defaults.MinDestinations, 1, 1000),
            MinPercent = reader.Integer("MinPercent", defaults.MinPercent, 0, 1000),
        };
        reader.RejectUnknown();
        return options;
    }

    private static WarmUpOptions ReadWarmUp(SectionReader reader)
    {
        var defaults = new WarmUpOptions();
        var options = new WarmUpOptions
        {
            Paths = reader.TextList("Paths"),
            Count = reader.Integer("Count", defaults.Count, 1, 10_000),
            Concurrency = reader.Integer("Concurrency", defaults.Concurrency, 1, 100),
            ExpectStatus = reader.Parse<StatusCodeSet>("ExpectStatus", defaults.ExpectStatus, StatusCodeSet.TryParse, StatusCodesAllowed),
            Timeout = reader.Duration("Timeout", defaults.Timeout, ShortestInterval, TimeSpan.FromMinutes(5)),
        };
        foreach (var path in options.Paths.Where(path => !IsPath(path)))
        {
            reader.Error("Paths", path, PathAllowed);
        }

        reader.RejectUnknown();
        return options;
    }

    private static bool IsPath(string text) => text.StartsWith('/') && !text.StartsWith("//", StringComparison.Ordinal);

    private static HealthOptions ReadHealth(SectionReader reader)
    {
        var defaults = new HealthOptions();
        var options = new HealthOptions
        {
            Path = reader.Parse(
                "Path",
                defaults.Path,
                (string text, out string value) => IsPath(value = text),
                PathAllowed),
            Interval = reader.Duration("Interval", defaults.Interval, ShortestInterval, LongestInterval),
            Timeout = reader.Duration("Timeout", defaults.Timeout, ShortestInterval, TimeSpan.FromMinutes(5)),
            HealthyThreshold = reader.Integer("HealthyThreshold", defaults.HealthyThreshold, 1, 100),
            UnhealthyThreshold = reader.Integer("UnhealthyThreshold", defaults.UnhealthyThreshold, 1, 100),
            VerifyInterval = reader.Duration("VerifyInterval", defaults.VerifyInterval, ShortestInterval, TimeSpan.FromMinutes(5)),
            ExpectStatus = reader.Parse<StatusCodeSet>(
                "ExpectStatus",
                defaults.ExpectStatus,
                StatusCodeSet.TryParse,
                StatusCodesAllowed),
            RequireReport = reader.Boolean("RequireReport", defaults.RequireReport),
            AllowDegraded = reader.Boolean("AllowDegraded", defaults.AllowDegraded),
            RequiredChecks = reader.TextList("RequiredChecks"),
        };
        reader.RejectUnknown();
        return options;
    }
}
