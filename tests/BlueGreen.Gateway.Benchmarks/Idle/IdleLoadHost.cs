using System.Net;
using System.Text.Json;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>The idle clients as a process of their own. A line of input is an order, a line of output says that it is done.</summary>
internal static class IdleLoadHost
{
    public const string Role = "run-idle-load";
    public const string Open = "open";
    public const string Close = "close";
    public const string Watch = "watch";
    public const string Done = "done";

    private const int AtOnce = 64;

    public static async Task<int> RunAsync()
    {
        IdleConnection[] connections = [];
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case [Open, var kind, var port, var count]:
                    connections = new IdleConnection[int.Parse(count)];
                    await OpenAsync(connections, Enum.Parse<IdleKind>(kind), new IPEndPoint(IPAddress.Loopback, int.Parse(port)));
                    Console.WriteLine(Done);
                    break;
                case [Close]:
                    await CloseAsync(connections);
                    Console.WriteLine(Done);
                    break;
                case [Watch]:
                    var departures = connections.Select(connection => connection.WatchAsync()).ToList();
                    Console.WriteLine(Done);
                    Console.WriteLine(JsonSerializer.Serialize(Departures.Of(await Task.WhenAll(departures))));
                    Array.ForEach(connections, connection => connection.Dispose());
                    break;
                default:
                    throw new InvalidOperationException($"'{line}' is no order to the load.");
            }
        }

        return 0;
    }

    private static Task OpenAsync(IdleConnection[] connections, IdleKind kind, IPEndPoint target) => Parallel.ForAsync(
        0, connections.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (index, _) =>
        {
            connections[index] = new IdleConnection(kind);
            await connections[index].OpenAsync(target);
        });

    private static Task CloseAsync(IdleConnection[] connections) => Parallel.ForEachAsync(
        connections, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (connection, _) =>
        {
            await connection.CloseAsync();
            connection.Dispose();
        });
}
