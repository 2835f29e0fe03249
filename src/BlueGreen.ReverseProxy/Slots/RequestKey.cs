namespace BlueGreen.ReverseProxy.Slots;

/// <summary>What a request is told apart by when the requests of a service are split between its slots.</summary>
/// <remarks>
/// Computed only if a route asks for it: most requests meet a route that does not split, and the route of the second look may be
/// another one than that of the first. So the key brings along how it is computed, without an allocation.
/// </remarks>
/// <param name="request">The request.</param>
/// <param name="compute">Computes the same number for all requests that must stay together; keep it in a static field.</param>
internal readonly struct RequestKey(object request, Func<object, ulong> compute)
{
    public ulong Compute() => compute(request);
}
