using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Schema;

/// <summary>docs/gateway.schema.json; <c>UPDATE_DOCS=1 dotnet test</c> writes it.</summary>
public sealed class GatewaySchemaTests
{
    private static readonly string Root = FindRoot();
    private static readonly string SchemaFile = Path.Combine(Root, "docs", "gateway.schema.json");
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static TheoryData<string> Mistakes => [.. ConfigurationMistakes.All.Where(mistake => mistake.Value.IsRefusedBySchema).Select(mistake => mistake.Key)];

    [Fact]
    public async Task Schema_OfWhatTheReadersAskFor_IsTheFile()
    {
        var expected = GatewaySchema.Text(KeyDescriptions.Read(Path.Combine(Root, "docs")));
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(SchemaFile, expected);
            return;
        }

        (await File.ReadAllTextAsync(SchemaFile)).ReplaceLineEndings("\n").Should().Be(
            expected, "keys or their documentation have changed: UPDATE_DOCS=1 dotnet test tests/BlueGreen.Gateway.FunctionalTests --filter GatewaySchemaTests");
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Schema_RefusesAMistakeThatTheStartRefuses(string name)
    {
        Errors(ConfigurationMistakes.All[name].Content!).Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("""{ "$schema": "x", "Custom": { "a": [ 1 ] }, "X-Team": "payments", "AllowedHosts": "*", "Serilog": { "WriteTo": [] } }""")]
    [InlineData("""{ "BlueGreen": { "Shutdown": { "Timeout": "1.00:00:00.5" }, "Forwarding": { "MaxHops": "5" }, "Listen": { "ReusePort": "True" } } }""")]
    [InlineData("""{ "BlueGreen": { "Services": { "s": { "InitialActive": "GREEN", "Health": { "ExpectStatus": 200 }, "Bake": { "MaxErrorRate": 0.5 } } } } }""")]
    [InlineData("""{ "ReverseProxy": { "Routes": { "r": { "Order": -1, "Metadata": { "any": "x" }, "Transforms": [ { "PathPrefix": "/x" } ] } } } }""")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "c": { "HttpRequest": { "Version": 2, "VersionPolicy": "requestVersionExact" }, "HttpClient": { "SslProtocols": [ "Tls12" ] } } } } }""")]
    public void Schema_TakesWhatTheGatewayTakes(string configuration) => Errors(configuration).Should().BeEmpty();

    [Fact]
    public void Examples_OfTheDocumentation_FitTheSchemaAndNameIt()
    {
        var examples = ConfigurationExamples.Of(Root).ToList();

        examples.Should().HaveCountGreaterThan(8);
        foreach (var (place, text) in examples)
        {
            Errors(text).Should().BeEmpty(place);
        }

        examples.Where(example => example.Text.Contains("\"Routes\"", StringComparison.Ordinal) && example.Text.Contains("\"Clusters\"", StringComparison.Ordinal))
            .Should().NotBeEmpty().And.OnlyContain(example => example.Text.Contains("\"$schema\"", StringComparison.Ordinal), "whoever copies a whole configuration gets completion with it");
    }

    // A key that the readers do not ask for by that name would be refused by the schema, or by the gateway, and not by both.
    [Fact]
    public void Tables_OfTheDocumentation_NameKeysThatThereAre()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaFile));
        var documented = KeyDescriptions.Read(Path.Combine(Root, "docs")).Keys.Where(key => key.StartsWith("BlueGreen:", StringComparison.Ordinal)).ToList();

        documented.Should().HaveCountGreaterThan(60).And.OnlyContain(key => IsThere(schema.RootElement, key));
    }

    private static bool IsThere(JsonElement schema, string key)
    {
        foreach (var part in key.Split(':'))
        {
            if (!(part == "*" ? schema.TryGetProperty("additionalProperties", out schema) : schema.TryGetProperty("properties", out schema) && schema.TryGetProperty(part, out schema)))
            {
                return false;
            }
        }

        return true;
    }

    private static List<string> Errors(string configuration)
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaFile));
        using var value = JsonDocument.Parse(configuration, Options);
        return [.. SchemaCheck.Errors(schema.RootElement, schema.RootElement, value.RootElement)];
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "BlueGreen.Gateway.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
