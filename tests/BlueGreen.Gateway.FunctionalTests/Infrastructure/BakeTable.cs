using System.Globalization;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>What happened, measured, as lines of the table in docs/bake/evidence.md: appended to the file that <c>BLUEGREEN_BAKE_TABLE</c> names, if it does.</summary>
internal static class BakeTable
{
    private static readonly Lock Gate = new();

    public static void Add(string scenario, string outcome, Crowd? crowd, TimeSpan? untilActed, TimeSpan? untilSeen = null)
    {
        if (Environment.GetEnvironmentVariable("BLUEGREEN_BAKE_TABLE") is not { Length: > 0 } file)
        {
            return;
        }

        var bad = crowd is null ? "–" : string.Create(CultureInfo.InvariantCulture, $"{crowd.Bad} bad responses to {crowd.ClientsWithBad} clients");
        var seconds = (untilActed ?? untilSeen) is { } took ? string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.00} s") : "–";
        lock (Gate)
        {
            File.AppendAllText(file, $"| {scenario} | {outcome} | {bad} | {seconds} |\n");
        }
    }
}
