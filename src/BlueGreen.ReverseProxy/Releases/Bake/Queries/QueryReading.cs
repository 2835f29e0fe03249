using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>What one round of a query gave.</summary>
/// <param name="New">The new slot's value; null for none.</param>
/// <param name="Old">The old slot's value; null for none, and where it is not asked for.</param>
/// <param name="NoData">Why there is nothing to judge; null if there is.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueryReading(double? New, double? Old, string? NoData)
{
    /// <summary>The greatest value that is allowed; null for none.</summary>
    public double? Max(BakeQueryOptions query) => query.Compare is { } compare ? Old is { } old ? compare.Allowed(old) : null : query.Max;

    /// <summary>Whether there is a value, and it is not allowed.</summary>
    public bool Violates(BakeQueryOptions query) => NoData is null && (New > Max(query) || New < query.Min);
}
