using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>The trials of one stratum: of a route, or of whatever else requests are told apart by.</summary>
/// <param name="Stratum">Which.</param>
/// <param name="Trials">n; a fraction where trials were thrown together.</param>
/// <param name="Bad">k.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StratumTally(int Stratum, double Trials, double Bad);
