using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// Does what systemd does for a socket unit: opens the listening sockets, keeps them, and hands them to each gateway that it starts,
/// as file descriptors from 3 on. In Perl, for a .NET process can't give a descriptor to its child.
/// </summary>
internal sealed class SocketActivator : IAsyncDisposable
{
    private const string Script = """
        use strict; use warnings; use IO::Socket::INET; use Fcntl; use POSIX qw(dup2 _exit);
        $| = 1; $^F = 10;
        my @sockets = map { IO::Socket::INET->new(LocalAddr => $_, Listen => 512, ReuseAddr => 1) or die $! } '127.0.0.1', $ARGV[0];
        print "PORTS ", join(' ', map { $_->sockport } @sockets), "\n";
        while (my $line = <STDIN>) {
            chomp $line;
            if ($line =~ /^start (.*)/) {
                my @command = split /\t/, $1;
                my $pid = fork();
                if ($pid == 0) {
                    my @copies = map { fcntl($_, F_DUPFD, 20) } @sockets;
                    dup2($copies[$_], 3 + $_) for 0 .. $#copies;
                    @ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, scalar(@sockets), 'http:admin');
                    { exec @command; } _exit(127);
                }
                print "STARTED $pid\n";
            }
            elsif ($line =~ /^wait (\d+)/) { waitpid($1, 0); print "EXITED $1 ", $? >> 8, "\n"; }
        }
        """;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private SocketActivator(Process process)
    {
        _process = process;
    }

    public string Url { get; private set; } = "";

    public string AdminUrl { get; private set; } = "";

    public string Output => string.Join(Environment.NewLine, _output);

    /// <param name="workingFolder">Where the gateways start.</param>
    /// <param name="adminAddress">What the admin API's socket is bound to.</param>
    public static async Task<SocketActivator> StartAsync(string workingFolder, string adminAddress = "127.0.0.1")
    {
        var start = new ProcessStartInfo("perl", ["-e", Script, adminAddress])
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // For the gateways, as GatewayProcess has it.
        start.Environment["DOTNET_gcServer"] = "0";
        var activator = new SocketActivator(Process.Start(start)!);
        var ports = (await activator.UntilAsync("PORTS ")).Split(' ');
        activator.Url = $"http://127.0.0.1:{ports[1]}";
        activator.AdminUrl = $"http://127.0.0.1:{ports[2]}";
        return activator;
    }

    /// <summary>Starts a gateway on the sockets and waits until it serves.</summary>
    /// <returns>Its process id.</returns>
    public async Task<int> StartGatewayAsync(string configFile, params string[] arguments)
    {
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "BlueGreen.Gateway.dll"), "--config", configFile, .. arguments];
        await _process.StandardInput.WriteLineAsync("start " + string.Join('\t', command));
        await _process.StandardInput.FlushAsync();
        var id = int.Parse((await UntilAsync("STARTED ")).Split(' ')[1], CultureInfo.InvariantCulture);
        await UntilAsync("Now listening on");
        return id;
    }

    /// <summary>Waits until a gateway has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitAsync(int process)
    {
        await _process.StandardInput.WriteLineAsync($"wait {process.ToString(CultureInfo.InvariantCulture)}");
        await _process.StandardInput.FlushAsync();
        return int.Parse((await UntilAsync($"EXITED {process}")).Split(' ')[2], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Reads what the gateways write up to a line with this in it.</summary>
    public async Task<string> UntilAsync(string mark)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                _output.Enqueue(line);
                if (line.Contains(mark, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"'{mark}' did not come within {TestLimits.Wait}. This was written by then:{Environment.NewLine}{Output}", exception);
        }

        throw new InvalidOperationException($"Ended before '{mark}':{Environment.NewLine}{Output}");
    }
}
