using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>Load and APIs of the measurement as processes of their own.</summary>
internal static class MirrorRoles
{
    public const string Api = "run-mirror-api";
    public const string Load = "run-paced-load";

    private const string Started = "started";

    /// <summary>Prints the active slot's address and the standbys', in the order of <see cref="StandbyKind"/>.</summary>
    public static async Task<int> RunApiAsync()
    {
        await using var api = await MirrorApi.StartAsync();
        Console.WriteLine(string.Join(' ', Enum.GetValues<StandbyKind>().Select(kind => api.Standbys[kind]).Prepend(api.Active)));
        await ApiHost.EndOfInputAsync();
        return 0;
    }

    /// <summary>Each line of input is one run, each line of output the times of its requests, in microseconds.</summary>
    public static async Task<int> RunLoadAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            var load = new PacedLoad(int.Parse(words[0]), words[1], int.Parse(words[2]), int.Parse(words[3]), TimeSpan.FromMilliseconds(int.Parse(words[4])));
            Console.WriteLine(string.Join(' ', await load.SendAsync(() => Console.WriteLine(Started))));
        }

        return 0;
    }

    /// <summary>Has the load process send, and reads the times.</summary>
    public static async Task<int[]> SendAsync(ChildProcess process, PacedLoad load, Action started)
    {
        await process.WriteLineAsync($"{load.Port} {load.Path} {load.Rate} {load.Connections} {(int)load.Length.TotalMilliseconds}");
        var line = await process.ReadLineAsync();
        if (line != Started)
        {
            throw new InvalidOperationException($"The load says '{line}' and not '{Started}'.");
        }

        started();
        return [.. (await process.ReadLineAsync()).Split(' ').Select(int.Parse)];
    }
}
