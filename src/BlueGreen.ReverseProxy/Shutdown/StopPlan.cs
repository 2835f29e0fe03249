using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>One step of a stop.</summary>
/// <param name="Name">What the step does, as the log says it.</param>
/// <param name="RunAsync">The step. Its token ends its time.</param>
internal sealed record StopStep(string Name, Func<CancellationToken, Task> RunAsync);

/// <summary>Everything that a stop does, in order; <see cref="StopSequence"/> runs it.</summary>
/// <param name="Loops">Ends what changes the state on its own.</param>
/// <param name="State">Lets a successor have the state.</param>
/// <param name="Traffic">Takes the traffic away and drains it. A second signal skips what is left of these.</param>
/// <param name="Rest">Ends what is left then, whatever went wrong before.</param>
internal sealed record StopPlan(ImmutableArray<StopStep> Loops, StopStep State, ImmutableArray<StopStep> Traffic, ImmutableArray<StopStep> Rest);
