using System.Net;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

public sealed class PreviewLinkTests
{
    private static readonly KeyValuePair<string, string>[] Form = [new("preview", "enter")];

    // As a browser does it: the link, the button, the redirect, the cookie, and the way out.
    [Fact]
    public async Task Link_InABrowser_AsksAndThenShowsThePreviewUntilItIsLeft()
    {
        await using var fleet = await Fleet.HostAsync();
        var token = await fleet.TokenAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await browser.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        var requests = fleet.Green.Requests;

        using var page = await browser.GetAsync($"/orders/x?a=1&bluegreen-preview={token}");

        page.StatusCode.Should().Be(HttpStatusCode.OK);
        page.Headers.CacheControl!.NoStore.Should().BeTrue();
        page.Headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
        page.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("default-src 'none'").And.Contain("frame-ancestors 'none'").And.NotContain("script");
        page.Headers.Contains("Set-Cookie").Should().BeFalse("nobody has confirmed anything");
        var html = await page.Content.ReadAsStringAsync();
        html.Should().Contain("<form method=\"post\">").And.NotContain(token).And.NotContain("<script");
        (await browser.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        using var entered = await browser.PostAsync($"/orders/x?a=1&bluegreen-preview={token}", new FormUrlEncodedContent(Form));

        entered.RequestMessage!.RequestUri!.PathAndQuery.Should().Be("/orders/x?a=1");
        (await entered.Content.ReadAsStringAsync()).Should().Be("2.0.0");
        fleet.Green.Requests.Should().Be(requests + 1);
        (await browser.GetStringAsync("/orders/y")).Should().Be("2.0.0");

        using var left = await browser.GetAsync("/orders/x?bluegreen-preview=off");

        left.RequestMessage!.RequestUri!.PathAndQuery.Should().Be("/orders/x");
        (await left.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        (await browser.GetStringAsync("/orders/y")).Should().Be("1.0.0");
    }

    [Fact]
    public async Task Form_Sent_SetsACookieThatScriptsAndOtherSitesDoNotGet()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var token = await fleet.TokenAsync(seconds: 60);

        var entered = await client.AskAsync(HttpMethod.Post, $"/orders/x?bluegreen-preview={token}", new FormUrlEncodedContent(Form), ("Sec-Fetch-Site", "same-origin"), ("Origin", "null"));

        (entered.Status, entered.Headers["Location"], entered.Headers["Cache-Control"]).Should().Be((HttpStatusCode.SeeOther, "/orders/x", "no-store"));
        entered.Headers["Set-Cookie"].Should().MatchRegex($"^bluegreen-preview={token}; Max-Age=[1-6]?[0-9]; Path=/; HttpOnly; SameSite=Strict$");
    }

    [Fact]
    public async Task Form_BehindAProxyThatEndsTls_SetsASecureCookie()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
            configuration["BlueGreen"]!["Forwarding"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "TrustedProxies": [ "127.0.0.1" ] }"""));
        using var client = fleet.Client();
        var link = $"/orders/x?bluegreen-preview={await fleet.TokenAsync()}";

        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent(Form), ("X-Forwarded-Proto", "https"))).Headers["Set-Cookie"].Should().EndWith("; Secure");
        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent(Form), ("X-Forwarded-Proto", "http"))).Headers["Set-Cookie"].Should().NotContain("Secure");
    }

    [Fact]
    public async Task Link_ThatDoesNotCount_IsRefusedAndSetsNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var (id, token) = await fleet.CreatedAsync();
        await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{id}");
        var requests = fleet.Blue.Requests + fleet.Green.Requests;

        foreach (var answer in new[]
        {
            await client.AskAsync($"/orders/x?bluegreen-preview={token}"),
            await client.AskAsync(HttpMethod.Post, $"/orders/x?bluegreen-preview={token}", new FormUrlEncodedContent(Form)),
        })
        {
            answer.Refusal.Should().Be("revoked");
            answer.Headers.Should().NotContainKey("Set-Cookie");
            answer.Headers["Referrer-Policy"].Should().Be("no-referrer");
        }

        (fleet.Blue.Requests + fleet.Green.Requests).Should().Be(requests);
    }

    // Another site's form, somebody who takes the link for a way to call an API, a body without end.
    [Fact]
    public async Task Form_ThatIsNotThePages_SetsNothingAndReachesNoApi()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var link = $"/orders/x?bluegreen-preview={await fleet.TokenAsync()}";
        var requests = fleet.Blue.Requests + fleet.Green.Requests;

        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent(Form), ("Sec-Fetch-Site", "cross-site"))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent(Form), ("Origin", "https://other.example"))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, link, new StringContent("{}", System.Text.Encoding.UTF8, "application/json"))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent([new("preview", "other")]))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, link, null)).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Put, link, new FormUrlEncodedContent(Form))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, "/orders/x?bluegreen-preview=off", new FormUrlEncodedContent(Form))).Refusal.Should().Be("link");
        (await client.AskAsync(HttpMethod.Post, link, new FormUrlEncodedContent([new("preview", new string('x', 2000))]))).Status.Should().Be(HttpStatusCode.RequestEntityTooLarge);

        (fleet.Blue.Requests + fleet.Green.Requests).Should().Be(requests);
    }

    [Fact]
    public async Task Query_OfTheApisOwn_ReachesIt()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();

        (await client.AskAsync("/orders/x?bluegreen-preview=yes")).Body.Should().Be("1.0.0");
        (await client.AskAsync(HttpMethod.Post, "/orders/x?bluegreen-preview=", new FormUrlEncodedContent(Form))).Body.Should().Be("1.0.0");
        (await client.AskAsync(HttpMethod.Post, "/orders/x", new FormUrlEncodedContent([new("bluegreen-preview", "bgp_x"), .. Form]))).Body.Should().Be("1.0.0");
    }
}
