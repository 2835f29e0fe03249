using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>A gate that the host has registered.</summary>
/// <param name="Create">Takes the gate from the host's services.</param>
/// <param name="Timeout">How long it has for a verdict.</param>
internal sealed record HostGateRegistration(Func<IServiceProvider, IReleaseGate> Create, TimeSpan Timeout);

/// <summary>A gate of the host's own, ready to be asked.</summary>
/// <param name="Name">As it is shown.</param>
/// <param name="Gate">The gate.</param>
/// <param name="Timeout">How long it has for a verdict.</param>
internal sealed record HostGate(string Name, IReleaseGate Gate, TimeSpan Timeout)
{
    private const int MaxNameLength = 64;

    public static HostGate Of(HostGateRegistration registration, IServiceProvider provider)
    {
        var gate = registration.Create(provider);
        var name = gate.Name;
        return name is { Length: > 0 and <= MaxNameLength } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? new(GateNames.Host(name), gate, registration.Timeout)
            : throw new InvalidOperationException($"The name of the gate {gate.GetType()} is \"{name}\"; allowed are 1 to {MaxNameLength} of A-Z a-z 0-9 - _ .");
    }

    public GateResult Result(string service, GateStatus status, string? detail) => new(Name, service, status, detail);
}
