using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>What a query gave: a value, or the reason why there is none.</summary>
/// <param name="Value">A finite number; null for none.</param>
/// <param name="Reason">Why there is none; null with a value.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueryAnswer(double? Value, string? Reason)
{
    public static QueryAnswer Of(double value) => new(value, null);

    public static QueryAnswer None(string reason) => new(null, reason);
}
