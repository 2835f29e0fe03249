namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Capacity</c>: the new slot needs both, as many destinations as the higher of them says.</summary>
public sealed record CapacityOptions
{
    /// <summary>How many destinations of the new slot have to be healthy at the least. Default 1.</summary>
    public int MinDestinations { get; init; } = 1;

    /// <summary>How many in percent of the old slot's destinations, rounded up. Default 0: not asked for.</summary>
    public int MinPercent { get; init; }
}
