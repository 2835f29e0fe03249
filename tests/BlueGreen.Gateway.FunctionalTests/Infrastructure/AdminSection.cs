using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary><c>BlueGreen:Admin</c> of a test's configuration.</summary>
internal static class AdminSection
{
    public static JsonObject Token(string name, string token, string role) => new()
    {
        ["Name"] = name,
        ["Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
        ["Role"] = role,
    };

    public static Action<JsonNode> WithTokens(params JsonObject[] tokens) =>
        configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray([.. tokens]) };

    /// <summary>Writes the configuration file anew while the gateway runs: moved into place, as one that is written in place is read half.</summary>
    public static void Rewrite(Fleet fleet, Action<JsonNode> change) => Rewrite(fleet, File.ReadAllText(fleet.ConfigFile), change);

    public static void Rewrite(Fleet fleet, string text, Action<JsonNode> change)
    {
        var configuration = JsonNode.Parse(text)!;
        change(configuration);
        Replace(fleet, configuration.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    public static void Replace(Fleet fleet, string text)
    {
        File.WriteAllText(fleet.ConfigFile + ".new", text);
        File.Move(fleet.ConfigFile + ".new", fleet.ConfigFile, overwrite: true);
    }

    /// <summary>Looks again until it is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException(otherwise());
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }
}
