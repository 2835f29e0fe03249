using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>A few hundred requests through one gateway, each compared byte by byte with what the API gets of it.</summary>
public sealed class ConformanceTests(ConformanceEdge shared) : IClassFixture<ConformanceEdge>
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var one in ConformanceCases.All)
        {
            data.Add(one.Group, Printable(one.Name));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Request_SentAsBytes_ArrivesAsTheseBytesOrIsAnswered(string group, string name)
    {
        var one = ConformanceCases.All.Single(candidate => candidate.Group == group && Printable(candidate.Name) == name);
        var edge = shared.Edge;
        edge.Api.Forget();

        using var connection = await edge.ConnectAsync();
        await connection.TrySendAsync(System.Text.Encoding.Latin1.GetBytes(one.Request));
        var status = (await connection.ReadTextUntilAsync("\r\n\r\n")).Split(' ')[1];

        status.Should().Be(one.IsAnswered ? one.Expected : "200", edge.Gateway.Output);
        edge.Api.Seen.Should().Be(one.IsAnswered ? "" : one.Expected.Replace("{api}", $"127.0.0.1:{edge.Api.Port}", StringComparison.Ordinal));
    }

    // The table in docs/security/evidence.md, written to the file that CONFORMANCE_TABLE names.
    [Fact]
    public void Cases_AreAllDifferent_AndSummarized()
    {
        var cases = ConformanceCases.All;
        cases.Should().OnlyHaveUniqueItems(one => one.Group + Printable(one.Name));
        if (Environment.GetEnvironmentVariable("CONFORMANCE_TABLE") is { Length: > 0 } file)
        {
            File.WriteAllLines(file, cases.GroupBy(one => one.Group).Select(group =>
                $"| {group.Key} | {group.Count()} | {group.Count(one => !one.IsAnswered)} | {string.Join(", ", group.Where(one => one.IsAnswered).GroupBy(one => one.Expected).Select(status => $"{status.Count()} × {status.Key}"))} |"));
        }
    }

    // xunit can't print everything that is in a request.
    private static string Printable(string text) => Uri.EscapeDataString(text.Length > 100 ? text[..20] + text.Length : text)
        .Replace("%20", " ", StringComparison.Ordinal).Replace("%2F", "/", StringComparison.Ordinal).Replace("%3A", ":", StringComparison.Ordinal).Replace("%2C", ",", StringComparison.Ordinal);
}

/// <summary>A gateway whose routes tell <c>/admin</c> from everything else, and keep the host.</summary>
public sealed class ConformanceEdge : IAsyncLifetime
{
    internal Edge Edge { get; private set; } = null!;

    public async Task InitializeAsync() => Edge = await Edge.StartAsync(configure: configuration =>
    {
        var routes = configuration["ReverseProxy"]!["Routes"]!;
        routes["all"]!["Transforms"] = JsonNode.Parse("""[ { "RequestHeaderOriginalHost": "true" } ]""");
        routes["admin"] = routes["all"]!.DeepClone();
        routes["admin"]!["Match"]!["Path"] = "/admin/{**rest}";
    });

    public Task DisposeAsync() => Edge.DisposeAsync().AsTask();
}
