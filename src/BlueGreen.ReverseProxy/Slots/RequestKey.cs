using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>What a request is told apart by when the requests of a service are split between its slots.</summary>
/// <remarks>
/// Read only if a route splits: most don't, and the route of the second look may be another one than that of the first. What was read is
/// kept for the second look, which must get the same answer to the same question, also where requests are told apart at random.
/// </remarks>
/// <param name="request">The request.</param>
/// <param name="read">Reads what tells it apart; keep it in a field.</param>
internal struct RequestKey(object request, Func<object, SplitKeying, SplitKey> read)
{
    private string? _release;
    private SplitKey _key;

    public SplitKey For(SplitKeying keying)
    {
        if (_release != keying.Release)
        {
            _key = read(request, keying);
            _release = keying.Release;
        }

        return _key;
    }
}
