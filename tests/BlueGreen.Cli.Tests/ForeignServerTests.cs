using System.Net;
using System.Net.Sockets;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>Something listens at the URL, and it is no gateway: it says nothing, or something else.</summary>
public sealed class ForeignServerTests
{
    public static TheoryData<string, string, string> Answers
    {
        get
        {
            var answers = new TheoryData<string, string, string>();
            foreach (var line in new[] { "status", "status orders", "status -o json", "history", "history -o json", "preflight orders", "cutover orders", "watch --timeout 5s", "watch -o json --timeout 5s", "approve r1-x" })
            {
                answers.Add(line, "text/html", "<!doctype html><html><body>It works!</body></html>");
                answers.Add(line, "application/json", """{"message":"Welcome to another API"}""");
            }

            answers.Add("status", "application/json", """[{"id":1,"title":"a list of other things"}]""");
            answers.Add("status", "application/json", "null");
            answers.Add("status", "application/json", "42");
            answers.Add("status", "application/json", "{\"cut\":");
            answers.Add("status", "text/plain", "");
            return answers;
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task EveryCommand_AnotherServerAnswers_EndsWith7AndSaysWhatItSaid(string line, string type, string body)
    {
        await using var server = await ForeignServer.StartAsync(200, type, body);

        var result = (await HostedCli.RunAsync(line.Split(' '), server.Url)).ShouldEndWith(7);

        result.Error.Should().StartWith($"bluegreen: {server.Url} is not a BlueGreen gateway: it answered ").And.Contain("--url").And.NotContainAny("System.", "BlueGreen.Contracts", "Exception");
        if (line.Contains("json", StringComparison.Ordinal))
        {
            result.Code.Should().Be("gateway-not-reachable");
        }
    }

    [Theory]
    [InlineData(404, """{"code":404,"error":"no such page"}""")]
    [InlineData(500, """{"error":"broken"}""")]
    [InlineData(401, """{"code":401}""")]
    public async Task Status_AnotherServersProblem_EndsWith7(int status, string body)
    {
        await using var server = await ForeignServer.StartAsync(status, "application/json", body);

        (await HostedCli.RunAsync(["status"], server.Url)).ShouldEndWith(7).Error.Should().Contain($"is not a BlueGreen gateway: it answered GET /v1/services with status {status}");
    }

    [Theory]
    [InlineData("status")]
    [InlineData("history")]
    [InlineData("preflight orders")]
    [InlineData("deploy orders -d http://localhost:1")]
    [InlineData("cutover orders")]
    [InlineData("approve r1-x")]
    [InlineData("watch")]
    [InlineData("watch -o json")]
    [InlineData("audit -o json")]
    [InlineData("audit --follow")]
    [InlineData("watch --release r1-x")]
    public async Task EveryCommand_ServerThatSaysNothing_IsGivenUpAtTheTimeout(string line)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var result = (await HostedCli.RunAsync([.. line.Split(' '), "--timeout", "1.5s"], $"http://{silent.LocalEndpoint}")).ShouldEndWith(7);

        result.Error.Should().Contain("has not answered within 1.5 s");
        if (line.Contains("json", StringComparison.Ordinal))
        {
            result.Code.Should().Be("gateway-not-reachable");
        }
    }
}
