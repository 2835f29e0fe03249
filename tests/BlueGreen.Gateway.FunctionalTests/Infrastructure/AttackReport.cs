namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>One line of the table in docs/security/evidence.md, as measured; written to the file that ATTACK_TABLE names.</summary>
internal static class AttackReport
{
    private const int Megabyte = 1 << 20;
    private static readonly Lock OneAtATime = new();

    public static void Add(string attack, string client, string api, long before, long after)
    {
        if (Environment.GetEnvironmentVariable("ATTACK_TABLE") is { Length: > 0 } file)
        {
            lock (OneAtATime)
            {
                File.AppendAllText(file, $"| {attack} | {client} | {api} | {before / Megabyte} | {after / Megabyte} |\n");
            }
        }
    }
}
