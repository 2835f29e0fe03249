using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>How responses of one kind fall on the clients, held against all of their traffic.</summary>
/// <param name="Clients">About how many clients got them.</param>
/// <param name="Dispersion">
/// φ: how much more unevenly they fall on the clients than the traffic does, 1 or more; see <see cref="ClientCounts.SpreadAgainst"/>.
/// </param>
/// <param name="Most">How many of them the client with the most got.</param>
/// <param name="ShareOfMost">That client's share of the traffic.</param>
/// <param name="Share">The share of the traffic of all clients that got one.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ClientSpread(int Clients, double Dispersion, long Most = 0, double ShareOfMost = 0, double Share = 0);
