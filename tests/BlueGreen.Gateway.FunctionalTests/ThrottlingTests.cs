using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Wrong tokens: what the guesser gets, and that nobody else notices.</summary>
public sealed class ThrottlingTests
{
    private const int Wrong = 1000;
    private const int Allowed = 10;

    [Fact]
    public async Task WrongTokens_AThousandFromOneAddress_DontKeepAnOperatorOutFromThatOrAnother()
    {
        await using var fleet = await Fleet.HostAsync(
            AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator")), untilHealthy: false, arguments: "--BlueGreen:Admin:Urls=http://0.0.0.0:0");
        var port = fleet.Admin.Http.BaseAddress!.Port;
        using var guesser = new AdminClient($"http://127.0.0.1:{port}");
        using var other = new AdminClient($"http://127.0.0.1:{port}", From(IPAddress.Parse("127.0.0.2")));
        using var guessing = new CancellationTokenSource();

        var operators = new[] { guesser, other }.Select(client => WorkAsync(client, guessing.Token)).ToArray();
        var answers = new List<AdminAnswer>();
        for (var batch = 0; batch < Wrong / 50; batch++)
        {
            answers.AddRange(await Task.WhenAll(Enumerable.Range(batch * 50, 50).Select(number =>
                guesser.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", $"Bearer guess{number}")))));
        }

        await guessing.CancelAsync();
        var worked = await Task.WhenAll(operators);

        answers.Count(answer => answer.Status == 401).Should().BeInRange(Allowed, 2 * Allowed, "ten a minute, and the test may see two minutes");
        answers.Where(answer => answer.Status != 401).Should().OnlyContain(answer => answer.Status == 429 && answer.Code == "too-many-requests");
        answers.Where(answer => answer.Status == 429).Select(answer => int.Parse(answer.Headers["Retry-After"])).Should().OnlyContain(seconds => seconds >= 1 && seconds <= 60);
        worked.Should().OnlyContain(calls => calls > 0);
        var throttled = await guesser.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", "Bearer wrong"));
        throttled.Status.Should().Be(429, "a thousand have been wrong");
        foreach (var address in new[] { "127.0.0.1", "127.0.0.2" })
        {
            // On a connection of its own, while the address that has guessed is throttled.
            using var client = new AdminClient($"http://127.0.0.1:{port}", From(IPAddress.Parse(address)));
            using var once = new CancellationTokenSource();
            await once.CancelAsync();
            (await WorkAsync(client, once.Token)).Should().Be(1, address);
        }

        (await other.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", "Bearer wrong"))).Status.Should().Be(401, "it has guessed nothing yet");

        var audit = (await other.SendAsync(HttpMethod.Get, "/v1/audit?limit=500", headers: ("Authorization", "Bearer act"))).Json.EnumerateArray().ToList();
        var guesses = audit.Where(entry => entry.GetProperty("action").GetString() == "authenticate").ToList();
        guesses.Select(Result).Should().Contain(["unauthorized", "too-many-requests"]);
        guesses.Count.Should().BeLessThan(20, "a thousand guesses are no thousand entries");
        guesses.Should().OnlyContain(entry => entry.GetProperty("actor").GetString() == "unknown");
        fleet.Gateway.Output.Should().NotContain("guess1");
    }

    [Fact]
    public async Task Refusals_OfChanges_AreInTheAuditAndItsChainHolds()
    {
        await using var fleet = await Fleet.StartAsync(
            AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator"), AdminSection.Token("eyes", "look", "viewer")), untilHealthy: false);
        var state = await File.ReadAllTextAsync(fleet.StateFile);
        (string, string) act = ("Authorization", "Bearer act");

        (await fleet.Admin.CutoverAsync(new { to = "purple" }, wait: null, headers: act)).Status.Should().Be(400);
        (await fleet.Admin.CutoverAsync(wait: null)).Status.Should().Be(401);
        (await fleet.Admin.CutoverAsync(wait: null, headers: ("Authorization", "Bearer look"))).Status.Should().Be(403);
        (await fleet.Admin.CutoverAsync(wait: null, headers: [act, ("Origin", "https://evil.example")])).Status.Should().Be(403);
        (await fleet.Admin.CutoverAsync(new { reason = new string('x', 70_000) }, wait: null, headers: act)).Status.Should().Be(413);
        using (var form = new HttpRequestMessage(HttpMethod.Post, "/v1/services/orders/cutover") { Content = new FormUrlEncodedContent([new("to", "green")]) })
        {
            form.Headers.TryAddWithoutValidation("Authorization", "Bearer act");
            using var answer = await fleet.Admin.Http.SendAsync(form);
            ((int)answer.StatusCode).Should().Be(415);
        }

        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        (await fleet.Admin.CutoverAsync(new { force = true }, wait: null, headers: act)).Status.Should().Be(503);

        var audit = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit", headers: act)).Json.EnumerateArray().Reverse().ToList();
        audit.Select(entry => $"{entry.GetProperty("actor").GetString()} {entry.GetProperty("action").GetString()} {Result(entry)}").Should().Equal(
            "ci cutover invalid-request",
            "unknown authenticate unauthorized",
            "eyes cutover forbidden",
            "unknown cutover forbidden",
            "ci cutover body-too-large",
            "ci cutover unsupported-media-type",
            "ci cutover state-unavailable");
        audit.Should().OnlyContain(entry => entry.GetProperty("client").GetString() == "127.0.0.1");
        (await File.ReadAllTextAsync(fleet.StateFile)).Should().Be(state, "what was refused has changed nothing");

        // The gateway checks the chain when it starts, and says so when it is broken.
        File.Delete(fleet.StateFile + ".tmp");
        await fleet.RestartAfterKillAsync();
        fleet.Gateway.Output.Should().NotContain("audit journal");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit", headers: act)).Json.GetArrayLength().Should().Be(7);
    }

    private static SocketsHttpHandler From(IPAddress source) => new()
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private static string? Result(JsonElement entry) => entry.GetProperty("result").GetString();

    private static async Task<int> WorkAsync(AdminClient client, CancellationToken until)
    {
        var calls = 0;
        do
        {
            (await client.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: ("Authorization", "Bearer act"))).Status.Should().Be(200);
            var refused = await client.SendAsync(HttpMethod.Post, "/v1/services/orders/rollback", headers: ("Authorization", "Bearer act"));
            refused.Code.Should().Be("nothing-to-roll-back", "it is let in, and told what is the matter");
            calls++;
        }
        while (!until.IsCancellationRequested);

        return calls;
    }
}
