using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>One step of a stop.</summary>
/// <param name="Name">What the step does, for the log.</param>
/// <param name="RunAsync">Runs the step; the token is cancelled when its time is over.</param>
internal sealed record StopStep(string Name, Func<CancellationToken, Task> RunAsync);

/// <summary>Everything that a stop does, in order; <see cref="StopSequence"/> runs it.</summary>
/// <param name="Loops">Stops the background work that changes the state.</param>
/// <param name="State">Releases the state for a successor.</param>
/// <param name="Traffic">Stops accepting and drains. A second signal skips the remaining steps.</param>
/// <param name="Rest">Ends the remaining requests and connections, whatever went wrong before.</param>
internal sealed record StopPlan(ImmutableArray<StopStep> Loops, StopStep State, ImmutableArray<StopStep> Traffic, ImmutableArray<StopStep> Rest);
