namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The options in use: one immutable value, which a reload of the configuration replaces as a whole.</summary>
/// <remarks>Whoever needs several options that have to match reads <see cref="Value"/> once.</remarks>
internal sealed class CurrentOptions(BlueGreenOptions options)
{
    private BlueGreenOptions _value = options;
    private TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BlueGreenOptions Value => Volatile.Read(ref _value);

    /// <summary>Ends at the next <see cref="Replace"/>. Take it before you read: a replacement in between ends the task that you have.</summary>
    public Task NextChange => Volatile.Read(ref _replaced).Task;

    public void Replace(BlueGreenOptions options)
    {
        Volatile.Write(ref _value, options);
        Interlocked.Exchange(ref _replaced, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
