using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>A request that waits for its response, as one <see cref="HangWatch"/> counts it. To be ended once.</summary>
/// <param name="Watch">Who counts.</param>
/// <param name="Cohort">Those that began to wait at about the same time.</param>
/// <param name="Client">What the client is told apart by.</param>
/// <param name="Lease">Whose request it is.</param>
/// <param name="Cell">Its place in the sample of those that wait; see <see cref="HangPlaces"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct HangWait(HangWatch Watch, ResponseAges.Cohort Cohort, int Client, SlotLease Lease, int Cell)
{
    /// <summary>The response has begun.</summary>
    public void Answer(TimeSpan waited) => Watch.Leave(this, waited, isAnswered: true);

    /// <summary>There will be no response from the API.</summary>
    /// <param name="fault">Whose fault that is.</param>
    /// <param name="waited">The time since the choice of the slot.</param>
    public void End(Fault fault, TimeSpan waited) => Watch.Leave(this, fault == Fault.Gateway ? null : waited, isAnswered: fault != Fault.Client);

    /// <summary>Nothing is known of its end.</summary>
    public void Abandon() => Watch.Leave(this, waited: null, isAnswered: false);
}
