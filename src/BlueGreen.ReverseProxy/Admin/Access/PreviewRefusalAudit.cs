using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// Writes refused previews into the audit journal, as sparingly as refused calls. With an allowance of its own: whoever guesses at the
/// public listener must not use up what refusals of the admin API may write, and hide behind it.
/// </summary>
internal sealed class PreviewRefusalAudit : IDisposable
{
    private const string Action = "preview";

    private readonly RefusalAudit _audit;
    private readonly BackgroundLoops _loops;

    public PreviewRefusalAudit(CommittedState state, BackgroundLoops loops, PreviewRefusals refusals, GatewayReadiness readiness, TimeProvider time)
    {
        _loops = loops;
        _audit = new RefusalAudit(state, loops, time);
        readiness.Stopping.Register(() => loops.Start("audit", _audit.FlushAsync));
        refusals.Subscribe(Note);
    }

    public void Dispose() => _audit.Dispose();

    private void Note(PreviewRefusal refusal)
    {
        var noted = _audit.NoteAsync(new RefusedCall(
            new Caller("unknown", refusal.Client?.ToString()),
            ClientNetwork.Of(refusal.Client),
            Action,
            refusal.Fault.ToText(),
            [refusal.Service.Name],
            $"A preview of {refusal.Service.Name} was refused.",
            IsKnown: false));

        // The client's answer does not wait for the disk. Of a flood nearly all are done at once: they are counted.
        if (!noted.IsCompletedSuccessfully)
        {
            _loops.Start("audit", () => noted);
        }
    }
}
