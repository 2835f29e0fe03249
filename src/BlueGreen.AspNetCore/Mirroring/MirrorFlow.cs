namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>Carries along, with the flow of execution, that a request is mirrored.</summary>
/// <remarks>
/// Not <c>IHttpContextAccessor</c>: that forgets the request when it has ended, and a task that the request has started would then send its
/// mail. But the flow goes on for ever in whatever the request has started and left running, such as a loop that empties a queue: after the
/// cutover, that loop would drop the payments of clients. So <see cref="Grace"/> after the request has ended, it counts no longer.
/// </remarks>
internal sealed class MirrorFlow(TimeProvider time) : IMirroredRequest
{
    /// <summary>How long after the end of a mirrored request its tasks count as mirrored.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly AsyncLocal<MirroredFlow?> _flow = new();

    public bool IsMirrored => _flow.Value?.IsMirrored(time) == true;

    /// <summary>Marks the flow that calls this. Call it in an asynchronous method: it ends with that.</summary>
    /// <returns>What to call <see cref="MirroredFlow.End"/> on when the request has ended.</returns>
    public MirroredFlow Begin() => _flow.Value = new MirroredFlow();
}

/// <summary>The flow of one mirrored request.</summary>
internal sealed class MirroredFlow
{
    private const long Running = long.MinValue;

    private long _endedAt = Running;

    public bool IsMirrored(TimeProvider time) =>
        Volatile.Read(ref _endedAt) is var endedAt && (endedAt == Running || time.GetElapsedTime(endedAt) <= MirrorFlow.Grace);

    public void End(TimeProvider time) => Volatile.Write(ref _endedAt, time.GetTimestamp());
}
