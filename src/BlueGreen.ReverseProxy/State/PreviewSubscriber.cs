using BlueGreen.ReverseProxy.Previews;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Hands the committed keys and revocations to the requests: at the start, and at every commit that changes them.</summary>
/// <remarks>Before the commit is acknowledged: a token counts as soon as its maker has it, and no longer once its revocation was answered.</remarks>
internal sealed class PreviewSubscriber
{
    private readonly PreviewKeys _keys;

    public PreviewSubscriber(CommittedState state, PreviewKeys keys)
    {
        _keys = keys;
        Follow(state.Current.Preview);
        state.Subscribe((before, next) =>
        {
            if (!ReferenceEquals(before.Preview, next.Preview))
            {
                Follow(next.Preview);
            }
        });
    }

    private void Follow(PreviewState? state) => _keys.Publish(state?.ToKeyring() ?? PreviewKeyring.Empty);
}
