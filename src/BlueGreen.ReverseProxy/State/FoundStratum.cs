namespace BlueGreen.ReverseProxy.State;

/// <summary>A kind of responses; see <see cref="Configuration.StratifyBy"/>.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">What it is called.</param>
internal sealed record FoundStratum(byte Number, string Name);
