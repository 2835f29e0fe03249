using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.State;

/// <summary>One attempt to confirm what has raised an alarm: the traffic of all services of the release is split, by the same key in lock step.</summary>
/// <param name="Number">The attempt of this bake, from 1 on. Each has a seed of its own.</param>
/// <param name="Service">The service whose new slot has raised the alarm.</param>
/// <param name="Metric">The metric that has.</param>
/// <param name="Index">Its place among the metrics of status codes; 0 for other metrics.</param>
/// <param name="Key">What requests are told apart by.</param>
/// <param name="BegunAt">Since when (UTC).</param>
/// <param name="Alarm">What was found, for people.</param>
/// <param name="Process">The gateway process that counts. What it has counted ends with it.</param>
internal sealed record BakeConfirmation(
    int Number, string Service, string Metric, int Index, TrafficKeyKind Key, DateTimeOffset BegunAt, string Alarm, string Process)
{
    /// <summary>How many of <see cref="TrafficSplit.Whole"/> the new slot keeps meanwhile: a failure there weighs ln 4, and the same certainty costs half as many as with one half.</summary>
    public const int Weight = TrafficSplit.Whole / 4;

    /// <summary>The header that requests are told apart by; null for other keys.</summary>
    public string? Header { get; init; }

    /// <summary>From when on a request hangs, in seconds, where hangs are compared; null otherwise.</summary>
    public double? HangSeconds { get; init; }

    /// <summary>The kind of responses that has raised the alarm by itself; null where it was all of them.</summary>
    public FoundStratum? Stratum { get; init; }

    /// <summary>Whether what is confirmed is for somebody to decide, for it comes from fewer clients than it has to; null for no.</summary>
    public bool? OfTooFewClients { get; init; }

    /// <summary>The attempt's name, which seeds its choices and names its cookies.</summary>
    public string NameOf(string release) => string.Create(CultureInfo.InvariantCulture, $"{release}.{Number}");

    public SplitKeying ToKeying(string release) => new(NameOf(release), Key, Header);

    /// <summary>What counts a service's requests meanwhile; null for an attempt that is over, or that no request has been split by.</summary>
    public SplitWatch? FindWatch(string release, Service service) => service.FindConfirmation(NameOf(release));

    /// <summary>Makes what counts a service's requests meanwhile, in place of that of the attempt before. Only for what makes the routes.</summary>
    public SplitWatch WatchOf(string release, Service service) => service.ConfirmationOf(NameOf(release), Key, Index, HangSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Stratum?.Number);
}

/// <summary>What earlier attempts have found of one metric; see <see cref="Releases.Bake.Confirming.ConfirmationEvidence"/>.</summary>
/// <param name="Service">The service.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Attempt">The number of the attempt to come.</param>
/// <param name="NewBad">Failures on the new slot.</param>
/// <param name="OldBad">Failures on the old slot.</param>
/// <param name="Past">What they weigh.</param>
internal sealed record ConfirmedMetric(string Service, string Metric, int Attempt, long NewBad, long OldBad, double Past);
