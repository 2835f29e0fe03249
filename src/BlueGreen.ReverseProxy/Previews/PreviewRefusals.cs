using System.Net;
using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Previews;

/// <summary>A preview that was refused.</summary>
/// <param name="Service">The service.</param>
/// <param name="Fault">Why.</param>
/// <param name="Client">The client's address.</param>
internal sealed record PreviewRefusal(Service Service, PreviewFault Fault, IPAddress? Client);

/// <summary>Counts the previews that are refused, and tells whoever keeps the audit, which limits what it writes.</summary>
/// <remarks>By service and not by its index: a reload of the configuration adds services.</remarks>
internal sealed class PreviewRefusals
{
    private readonly ConditionalWeakTable<Service, long[]> _counts = [];
    private Action<PreviewRefusal>? _audit;

    public long Of(Service service, PreviewFault fault) => _counts.TryGetValue(service, out var counts) ? Volatile.Read(ref counts[(int)fault]) : 0;

    /// <summary>Has every refusal told of, on the request's own thread: it must not block, and must not throw.</summary>
    public void Subscribe(Action<PreviewRefusal> audit) => Volatile.Write(ref _audit, audit);

    public void Note(PreviewRefusal refusal)
    {
        Interlocked.Increment(ref _counts.GetValue(refusal.Service, static _ => new long[PreviewFaults.All.Count + 1])[(int)refusal.Fault]);
        Volatile.Read(ref _audit)?.Invoke(refusal);
    }
}
