namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>A metric that has enough evidence against the new slot, but from clients that may be the cause themselves.</summary>
/// <param name="Service">The service.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Detail">What was found and why nothing is done about it.</param>
internal sealed record GuardedMetric(string Service, string Metric, string Detail)
{
    public override string ToString() => $"{Service}: {Detail}";
}
