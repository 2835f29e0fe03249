using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class SlotLeaseTests
{
    // The signal holds what is registered with it for as long as the slot lives, and would cancel a call that has been disposed of.
    [Fact]
    public async Task Call_ThatHasEnded_IsNotToldOfTheDrain()
    {
        var slot = new Slot(SlotName.Blue, "orders-blue");
        var unobserved = new List<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, failed) =>
        {
            lock (unobserved)
            {
                unobserved.AddRange(failed.Exception.Flatten().InnerExceptions.Where(inner => inner is ObjectDisposedException && inner.StackTrace?.Contains(nameof(SlotLease), StringComparison.Ordinal) == true));
            }
        };
        TaskScheduler.UnobservedTaskException += note;
        try
        {
            // Registered first, so it runs last: everything else has been told by then.
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            slot.InFlight.Increment();
            var lease = new SlotLease(slot);
            using var last = lease.DrainToken.Register(told.SetResult);
            lease.BeginGrpcCall(TimeProvider.System);
            lease.Dispose();

            slot.Drain.Raise();
            await told.Task.WaitAsync(TestTime.Limit);
            for (var round = 0; round < 3; round++)
            {
                await Task.Yield();
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= note;
        }

        unobserved.Should().BeEmpty();
    }
}
