using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>What the requests of one kind did while both slots served.</summary>
/// <param name="NewBad">The failures on the new slot; where clients count once, the clients.</param>
/// <param name="OldBad">The same on the old slot.</param>
/// <param name="NewResponses">The new slot's responses, failures included.</param>
/// <param name="OldResponses">The same of the old slot.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SplitCounts(long NewBad, long OldBad, long NewResponses, long OldResponses)
{
    /// <summary>One response more.</summary>
    public SplitCounts With(bool isNew, bool isBad) => isNew
        ? this with { NewResponses = NewResponses + 1, NewBad = NewBad + (isBad ? 1 : 0) }
        : this with { OldResponses = OldResponses + 1, OldBad = OldBad + (isBad ? 1 : 0) };
}
