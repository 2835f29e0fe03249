namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>What bounds the waits of the tests.</summary>
internal static class TestLimits
{
    /// <summary>
    /// The longest wait for something that has to happen. It says nothing about speed: only a test that fails reaches it, however slow
    /// the machine is and whatever else it does.
    /// </summary>
    public static TimeSpan Wait { get; } = TimeSpan.FromMinutes(3);

    /// <summary>Waits for the task.</summary>
    /// <exception cref="TimeoutException">It took too long; the message ends with what was written by then.</exception>
    public static async Task WithinLimitAsync(this Task task, string what, Func<string> written)
    {
        try
        {
            await task.WaitAsync(Wait);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{what} did not happen within {Wait}. This was written by then:{Environment.NewLine}{written()}", exception);
        }
    }
}
