using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Examples.Embedding;

/// <summary>Refuses cutovers while there is a file <c>freeze.txt</c>, with its text as the reason.</summary>
internal sealed class FreezeGate(IHostEnvironment environment) : IReleaseGate
{
    public string Name => "freeze";

    public async Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken)
    {
        try
        {
            var reason = await File.ReadAllTextAsync(Path.Combine(environment.ContentRootPath, "freeze.txt"), cancellationToken);
            return ReleaseGateVerdict.Refuse($"no release of {context.Service} {context.ToVersion} now: {reason}");
        }
        catch (FileNotFoundException)
        {
            return ReleaseGateVerdict.Pass("nothing is frozen");
        }
    }
}
