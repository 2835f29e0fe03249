using System.Diagnostics;
using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class DrainSignalTests
{
    private readonly DrainSignal _signal = new();

    // Wherever a request has started, the drain's deadline reaches it.
    [Fact]
    public void Raise_CancelsTheTokensOfAllProcessors()
    {
        var tokens = TokensOfManyThreads(_signal);
        _signal.IsRaised.Should().BeFalse();

        _signal.Raise();

        _signal.IsRaised.Should().BeTrue();
        tokens.Should().OnlyContain(token => token.IsCancellationRequested);
        TokensOfManyThreads(_signal).Should().OnlyContain(token => token.IsCancellationRequested, "a request that is late with its lease is told too");
    }

    [LinuxFact]
    public void Token_OnTwoProcessors_IsOfTwoSources()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var process = Process.GetCurrentProcess();
        var affinity = process.ProcessorAffinity;
        var allowed = Enumerable.Range(0, Environment.ProcessorCount).Where(processor => ((affinity >> processor) & 1) == 1).Take(2).ToList();
        if (allowed is not [var one, var other])
        {
            // A machine with one processor, or a container whose processors have other numbers.
            return;
        }

        TokenOn(one).Should().NotBe(TokenOn(other), "requests on them would share a lock");
        TokenOn(one).Should().Be(TokenOn(one));
    }

    // The reason must be there when the cancellation is: what is cancelled without it counts as the client's doing.
    [Fact]
    public async Task Raise_BeforeAnyTokenIsCancelled_SaysThatItIsRaised()
    {
        var told = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = _signal.Token.Register(() => told.TrySetResult(_signal.IsRaised));

        _signal.Raise();

        (await told.Task.WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    private CancellationToken TokenOn(int processor)
    {
        CancellationToken token = default;
        var thread = new Thread(() =>
        {
            // The thread and not the process: tests run beside one another.
            var mask = 1UL << processor;
            sched_setaffinity(0, sizeof(ulong), ref mask).Should().Be(0);

            // The runtime remembers for some calls on which processor a thread was.
            for (var call = 0; call < 1000; call++)
            {
                token = _signal.Token;
            }
        });
        thread.Start();
        thread.Join();
        return token;
    }

    private static List<CancellationToken> TokensOfManyThreads(DrainSignal signal)
    {
        var tokens = new List<CancellationToken>();
        var threads = Enumerable.Range(0, 16).Select(_ => new Thread(() =>
        {
            var token = signal.Token;
            lock (tokens)
            {
                tokens.Add(token);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return tokens;
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int sched_setaffinity(int pid, nint size, ref ulong mask);
}
