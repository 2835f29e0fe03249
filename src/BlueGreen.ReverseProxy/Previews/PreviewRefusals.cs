using System.Net;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Previews;

/// <summary>A preview that was refused.</summary>
/// <param name="Service">The service.</param>
/// <param name="Fault">Why.</param>
/// <param name="Client">The client's address.</param>
internal sealed record PreviewRefusal(Service Service, PreviewFault Fault, IPAddress? Client);

/// <summary>Counts the previews that are refused, and tells whoever keeps the audit, which limits what it writes.</summary>
internal sealed class PreviewRefusals(ServiceCatalog services)
{
    private readonly long[,] _counts = new long[services.All.Length, PreviewFaults.All.Count + 1];
    private Action<PreviewRefusal>? _audit;

    public long Of(Service service, PreviewFault fault) => Volatile.Read(ref _counts[service.Index, (int)fault]);

    /// <summary>Has every refusal told of, on the request's own thread: it must not block, and must not throw.</summary>
    public void Subscribe(Action<PreviewRefusal> audit) => Volatile.Write(ref _audit, audit);

    public void Note(PreviewRefusal refusal)
    {
        Interlocked.Increment(ref _counts[refusal.Service.Index, (int)refusal.Fault]);
        Volatile.Read(ref _audit)?.Invoke(refusal);
    }
}
