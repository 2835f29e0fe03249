using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Previews;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// Finishes what the serializer has read. It makes dictionaries with the default comparer, where names and ids are compared without
/// regard to case; it lets a null into a list of things that are never null, and leaves one null that is not there at all.
/// </summary>
internal static class StateShape
{
    // More than any build allows, in seconds: a day.
    private const double LongestHold = 86_400;

    /// <exception cref="InvalidDataException">The state is not one that a gateway writes.</exception>
    public static GatewayState Checked(GatewayState state) => state with
    {
        Services = IgnoringCase(state.Services, "services", service => service with
        {
            KnownBad = WithoutNull(service.KnownBad, "knownBad"),
            StandbySeconds = Finite(service.StandbySeconds),
            Hold = Checked(service.Hold),
            Blue = Checked(service.Blue),
            Green = Checked(service.Green),
        }),
        Running = [.. WithoutNull(state.Running, "running").Select(Checked)],
        Preview = Checked(state.Preview),
    };

    /// <exception cref="InvalidDataException">The release is not one that a gateway writes.</exception>
    public static ReleaseState Checked(ReleaseState release) => release with
    {
        Services = WithoutNull(release.Services, "services"),
        Gates = WithoutNull(release.Gates, "gates"),
        Versions = IgnoringCase(release.Versions, "versions", version => version),

        Hold = Checked(release.Hold),
        MirrorGate = Checked(release.MirrorGate),
        Bake = Checked(release.Bake),

        // 1e999 is read as infinity, which can't be written again, and no timer takes.
        DrainSeconds = Finite(release.DrainSeconds),
        BakeSeconds = Finite(release.BakeSeconds),
        ElapsedSeconds = Finite(release.ElapsedSeconds),
    };

    public static IReadOnlyCollection<T> WithoutNull<T>(IReadOnlyCollection<T> entries, string where)
        where T : class => entries is null || entries.Contains(null!) ? throw new InvalidDataException($"the state's {where} are missing, or one of them is null") : entries;

    private static ImmutableList<T> WithoutNull<T>(ImmutableList<T> entries, string where)
        where T : class
    {
        WithoutNull((IReadOnlyCollection<T>)entries, where);
        return entries;
    }

    // For a picture of the release nobody refuses to start: a curve that is none is left out.
    private static BakeState? Checked(BakeState? bake) => bake is not { Services: { } services } || !services.Exists(service => service?.Curves is not null) ? bake : bake with
    {
        Services = services.ConvertAll(service => service is { Curves: { } curves } ? service with { Curves = [.. curves.Where(IsCurve)] } : service),
    };

    private static bool IsCurve(EvidenceCurve? curve) =>
        curve is { Metric: not null, Stage: not null, Seconds: { } seconds, LnE: { } values }
        && seconds.Count == values.Count
        && double.IsFinite(curve.Step) && double.IsFinite(curve.Threshold)
        && seconds.Concat(values).All(double.IsFinite);

    private static PreviewState? Checked(PreviewState? preview)
    {
        if (preview is null)
        {
            return null;
        }

        WithoutNull(preview.Keys, "preview keys");
        WithoutNull(preview.Tokens, "preview tokens");
        try
        {
            // What requests are verified with from the start on: it must not be there that a bad one is found.
            _ = preview.ToKeyring();
            if (preview.Tokens.Exists(token => token is not { Number: var _, Service.Length: > 0 }) || preview.Keys.Exists(key => Convert.FromBase64String(key.Secret).Length != PreviewToken.KeyBytes))
            {
                throw new FormatException();
            }
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            throw new InvalidDataException("the state's preview keys or tokens have a number or a secret that is none", exception);
        }

        return preview;
    }

    private static HoldState? Checked(HoldState? hold) =>
        hold is null or { MaxSeconds: > 0 and <= LongestHold, MaxRequests: > 0 } ? hold : throw new InvalidDataException("a hold in the state has no limits, or none that can be kept");

    private static ReleaseHoldState? Checked(ReleaseHoldState? hold) =>
        hold is null or { MaxSeconds: > 0 and <= LongestHold, MaxRequests: > 0 } ? hold : throw new InvalidDataException("a release's hold in the state has no limits, or none that can be kept");

    private static MirrorGateState? Checked(MirrorGateState? gate) =>
        gate is null or { MinRequests: > 0, MaxDifference: >= 0 and <= 1 } ? gate : throw new InvalidDataException("a release's gate mirror in the state has limits that are none");

    private static Deployment? Checked(Deployment? deployment) => deployment is null
        ? null
        : deployment with { Destinations = IgnoringCase(deployment.Destinations, "destinations", destination => destination) };

    private static ImmutableSortedDictionary<string, T> IgnoringCase<T>(ImmutableSortedDictionary<string, T> entries, string where, Func<T, T> change)
        where T : class
    {
        if (entries is null)
        {
            throw new InvalidDataException($"the state's {where} are missing");
        }

        var builder = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in entries)
        {
            if (value is null || builder.ContainsKey(key))
            {
                throw new InvalidDataException($"the state's {where} have {(value is null ? "nothing under a name" : "a name twice")}");
            }

            builder.Add(key, change(value));
        }

        return builder.ToImmutable();
    }

    private static double Finite(double seconds) => double.IsFinite(seconds) ? seconds : throw new InvalidDataException("a duration in the state is infinite");
}
