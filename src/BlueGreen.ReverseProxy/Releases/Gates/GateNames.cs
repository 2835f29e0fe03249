using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>The gates by name, as they stand in <c>gates</c> and in docs/gates.</summary>
internal static class GateNames
{
    public const string DeepHealth = "deepHealth";
    public const string Version = "version";
    public const string Schema = "schema";
    public const string Capacity = "capacity";
    public const string KnownBad = "knownBad";
    public const string Mirror = "mirror";
    public const string WarmUp = "warmUp";
    public const string Approval = "approval";

    /// <summary>The last one of an exclusive switch: nothing is in flight on either slot.</summary>
    public const string Hold = "hold";

    /// <summary>The gate of a hook at <c>preSwitch</c>.</summary>
    public static string Hook(string name) => $"hook:{name}";

    /// <summary>The gate of a query of the bake.</summary>
    public static string Query(string name) => $"query:{name}";

    /// <summary>A gate of the host's own.</summary>
    public static string Host(string name) => $"gate:{name}";

    /// <summary>The built-in gates that a release would meet; what <c>force</c> skips is named, not left out.</summary>
    /// <param name="kind">What is asked for.</param>
    /// <param name="service">How the service is configured.</param>
    /// <param name="isMirrorAsked">Whether the order asks for a mirror; else the configuration decides.</param>
    public static IEnumerable<string> For(ReleaseKind kind, ServiceOptions service, bool isMirrorAsked)
    {
        yield return DeepHealth;
        if (kind == ReleaseKind.Rollback)
        {
            yield break;
        }

        yield return Version;
        yield return Schema;
        yield return Capacity;
        yield return KnownBad;
        if (isMirrorAsked || service.Traffic.Mirror.Gate is not null)
        {
            yield return Mirror;
        }

        if (!service.WarmUp.Paths.IsEmpty)
        {
            yield return WarmUp;
        }

        foreach (var query in service.Bake.Queries.Where(query => query.Gate))
        {
            yield return Query(query.Name);
        }
    }
}
