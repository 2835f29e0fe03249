namespace BlueGreen.ReverseProxy.Slots.Holding;

/// <summary>A request's place in a <see cref="HoldQueue"/>. Whoever takes it out of the queue, under its lock, ends its wait: exactly once.</summary>
internal sealed class HeldRequest(long enteredAt) : IThreadPoolWorkItem
{
    // Continues synchronously, within Execute.
    private readonly TaskCompletionSource<HoldOutcome> _done = new();
    private HoldOutcome _outcome;

    /// <summary>The monotonic time at which the wait began.</summary>
    public long EnteredAt { get; } = enteredAt;

    /// <summary>Where the request is in the queue; null once it was taken out.</summary>
    public LinkedListNode<HeldRequest>? Place { get; set; }

    public Task<HoldOutcome> Outcome => _done.Task;

    /// <summary>How the wait ended; <see cref="Execute"/> then goes on with the request.</summary>
    public void Decide(HoldOutcome outcome) => _outcome = outcome;

    public void Execute() => _done.SetResult(_outcome);
}
