using System.Net;
using System.Net.Sockets;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>Ctrl-C reaches the processes of the tests, however the tests themselves were started.</summary>
public sealed class InterruptTests
{
    [ToolsFact("sh", "env")]
    public async Task Process_StartedWhileInterruptsAreIgnored_IsInterruptedAllTheSame()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        // A shell without job control has interrupts ignored by whatever it starts in the background: nohup .ci/run &.
        using var status = BlueGreenProcess.StartWithInterruptsIgnored(["status", "--timeout", "5m"], $"http://{silent.LocalEndpoint}");
        using var called = await silent.AcceptSocketAsync();
        status.Interrupt();

        (await status.EndAsync()).ShouldEndWith(4).Error.Should().Contain("Stopped before it was done.");
    }
}
