using System.Diagnostics;
using System.Net;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>The load as a process of its own. A line of input is one run: the port and the seconds to count.</summary>
internal static class LoadHost
{
    public const string Role = "run-load";
    public const string Started = "started";
    public const string Ended = "ended";

    private const int Connections = 64;
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    public static async Task<int> RunAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            Console.WriteLine(await RunAsync(int.Parse(words[0]), TimeSpan.FromSeconds(int.Parse(words[1]))));
        }

        return 0;
    }

    private static async Task<string> RunAsync(int port, TimeSpan length)
    {
        var target = new IPEndPoint(IPAddress.Loopback, port);
        var request = Encoding.ASCII.GetBytes($"GET /orders-0/1042 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n");
        using var stop = new CancellationTokenSource();
        var connections = Enumerable.Range(0, Connections).Select(_ => new LoadConnection(target, request)).ToList();
        var runs = connections.ConvertAll(connection => connection.RunAsync(stop.Token));
        await Task.Delay(Settling);
        Console.WriteLine(Started);
        var before = connections.Sum(connection => connection.Completed);
        var clock = Stopwatch.StartNew();
        await Task.WhenAny(Task.Delay(length), Task.WhenAny(runs));
        var requests = connections.Sum(connection => connection.Completed) - before;
        var elapsed = clock.Elapsed;
        if (runs.Find(run => run.IsCompleted) is { } early)
        {
            await early;
            throw new InvalidOperationException("The load has reached its bound before its time.");
        }

        // The answer goes out first: whoever reads it takes the processor time, and the ends of 64 connections are not to be in it.
        Console.WriteLine($"{requests} {elapsed.Ticks}");
        await stop.CancelAsync();
        await Task.WhenAll(runs);
        return Ended;
    }
}
