namespace BlueGreen.Gateway.Benchmarks.Switching;

/// <summary>How long a switch takes: the swap of the table alone, and the whole of it as a caller sees it.</summary>
internal static class SwitchCommand
{
    private const string Table = "table";
    private const string Http = "http";

    public static readonly string[] Options = ["--only", "--switches", "--state"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var only = options.Text("--only");
        if (only is not (null or Table or Http))
        {
            throw new UsageException($"--only must be {Table} or {Http}.");
        }

        var switches = options.Number("--switches", 200, most: 100_000);
        if (only != Http && !SmallBenchmarks.Run<TableSwap>())
        {
            return 1;
        }

        if (only != Table)
        {
            await HttpSwitchRun.RunAsync(switches, options.Text("--state") ?? AppContext.BaseDirectory);
        }

        return 0;
    }
}
