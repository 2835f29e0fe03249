namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>The steps of a host's pipeline, in the order in which they have to be added.</summary>
internal enum PipelineStep
{
    UseBlueGreenConnectionClose,
    UseBlueGreenRequestGuard,
    UseBlueGreenRoutePolicies,
    UseBlueGreen,
}

/// <summary>What a host has added so far: a step that is missing or comes too late would show only in requests, if at all.</summary>
internal sealed class GatewayParts
{
    private readonly List<PipelineStep> _steps = [];

    /// <summary>What the host has asked for with <c>AddBlueGreenGateway</c>; null if it adds the parts one by one.</summary>
    public BlueGreenGatewayOptions? Options { get; set; }

    public bool HasProxy => _steps.Contains(PipelineStep.UseBlueGreen);

    /// <summary>Notes that a step is added.</summary>
    /// <exception cref="InvalidOperationException">It is there already, or one is that has to come after it.</exception>
    public void Add(PipelineStep step)
    {
        if (_steps.Contains(step))
        {
            throw new InvalidOperationException($"{step} was called already. MapBlueGreenGateway calls it, unless its option is off.");
        }

        var later = _steps.FindIndex(added => added > step);
        if (later >= 0)
        {
            throw new InvalidOperationException($"{step} has to be called before {_steps[later]}.");
        }

        _steps.Add(step);
    }
}
