using System.Globalization;
using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>Whether clients notice a mirror: the gateway as shipped on one core, load and APIs on the other.</summary>
internal static class MirrorCommand
{
    private const int GatewayCore = 0;
    private const int OtherCore = 1;
    private const int Connections = 64;

    public static readonly string[] Options = ["--pairs", "--seconds", "--rates", "--bodies", "--standbys", "--warmup"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("The processor time of the gateway is read from Linux.");
            return 1;
        }

        var pairs = options.Number("--pairs", 8, most: 1000);
        var seconds = options.Number("--seconds", 2, most: 60);
        var warmup = options.Number("--warmup", 10, most: 600);
        var cells = Cells(options).ToList();
        using var folder = new WorkFolder(Path.GetTempPath());
        await using var api = ChildProcess.StartRole(OtherCore, [MirrorRoles.Api]);
        var addresses = (await api.ReadLineAsync()).Split(' ');
        await using var load = ChildProcess.StartRole(OtherCore, [MirrorRoles.Load]);
        var file = folder.File("gateway.json");
        new ProxyConfigurationFile(addresses[0], addresses[1]).Write(file);
        await using var gateway = ChildProcess.StartGateway(GatewayCore, file);
        using var admin = new HttpClient { BaseAddress = new Uri(await gateway.ReadWordAfterAsync("Administration on")) };
        var port = new Uri(await gateway.ReadWordAfterAsync("Now listening on:")).Port;
        gateway.Ignore();

        var measurement = new MirrorMeasurement(
            new MirroredGateway(admin),
            Enum.GetValues<StandbyKind>().Zip(addresses.Skip(1)).ToDictionary(standby => standby.First, standby => standby.Second),
            (cell, length, started) => MirrorRoles.SendAsync(load, new PacedLoad(port, $"/orders-0/{cell.BodyBytes}", cell.Rate, Connections, length), started),
            () => (ProcessorClock.Of(gateway.Id), ProcessFigures.Of(gateway.Id).ResidentBytes),
            Console.Out);
        await measurement.WarmUpAsync(cells[0].BodyBytes, TimeSpan.FromSeconds(warmup));
        foreach (var rate in cells.GroupBy(cell => cell.Rate))
        {
            Console.WriteLine(rate.Key == 0 ? $"\nAs fast as the answers come, {Connections} connections:\n" : string.Create(CultureInfo.InvariantCulture, $"\n{rate.Key:#,0} requests per second:\n"));
            await measurement.RunAsync(rate, pairs, TimeSpan.FromSeconds(seconds));
        }

        return 0;
    }

    private static IEnumerable<MirrorCell> Cells(CommandOptions options) =>
        from rate in Numbers(options, "--rates", "150,2000,0")
        from body in Numbers(options, "--bodies", "1024,65536")
        from standby in Kinds(options)
        from noise in standby == StandbyKind.Healthy ? new[] { 0, 20 } : [0]
        select new MirrorCell(standby, body, noise, rate);

    private static IEnumerable<int> Numbers(CommandOptions options, string name, string fallback) => (options.Text(name) ?? fallback).Split(',').Select(text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 100_000
            ? number
            : throw new UsageException($"{name} must be whole numbers up to 100000, separated by commas."));

    private static StandbyKind[] Kinds(CommandOptions options) => options.Text("--standbys") is not { } text ? Enum.GetValues<StandbyKind>() :
    [
        .. text.Split(',').Select(name => Enum.GetValues<StandbyKind>().Where(kind => string.Equals($"{kind}", name, StringComparison.OrdinalIgnoreCase)).Select(kind => (StandbyKind?)kind).FirstOrDefault()
            ?? throw new UsageException($"Unknown standby: {name}. There are {string.Join(", ", Enum.GetNames<StandbyKind>()).ToLowerInvariant()}.")),
    ];
}
