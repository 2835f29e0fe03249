using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>What is between clients and the gateway reaches no API, byte by byte; here on a route that belongs to no service.</summary>
public sealed class PreviewFieldsTests
{
    [Fact]
    public async Task Http1_FieldsAndCookieOfPreviews_AreNotPassedOnAndTheRestIsAsItWasSent()
    {
        await using var edge = await Edge.HostAsync();
        using var connection = await RawConnection.OpenAsync(edge.Url);

        await connection.SendAsync(
            "GET /x?bluegreen-preview=bgp_x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-BlueGreen-Preview: bgp_T\r\nx-bluegreen-mirror: 1\r\nX_BlueGreen_Mirror: 1\r\n"
            + "Cookie: session=a=b; bluegreen-preview=bgp_T;theme=\"dark; mode\"; x-bluegreen-preview=own\r\nX-Blue: own\r\n\r\n");
        (await connection.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 200");

        edge.Api.Seen.Should().StartWith("GET /x?bluegreen-preview=bgp_x HTTP/1.1\r\n", "on this route the query is the API's own")
            .And.Contain("\r\nCookie: session=a=b;theme=\"dark; mode\"; x-bluegreen-preview=own\r\n").And.Contain("\r\nX-Blue: own\r\n")
            .And.NotContain("bgp_T").And.NotContainEquivalentOf("mirror");
    }

    [Fact]
    public async Task Http2_FieldsAndCookieOfPreviews_AreNotPassedOnAndTheRestIsAsItWasSent()
    {
        await using var edge = await Edge.HostAsync("Http2");
        using var client = new HttpClient { BaseAddress = new Uri(edge.Url), DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x") { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("X-BlueGreen-Preview", "bgp_T");
        request.Headers.TryAddWithoutValidation("X-BlueGreen-Mirror", "1");
        request.Headers.TryAddWithoutValidation("Cookie", "session=a=b; bluegreen-preview=bgp_T; c=d");

        using var response = await client.SendAsync(request);

        response.IsSuccessStatusCode.Should().BeTrue();
        edge.Api.Seen.Should().Contain("session=a=b; c=d\r\n").And.NotContain("bgp_T").And.NotContainEquivalentOf("bluegreen-preview").And.NotContainEquivalentOf("mirror");
    }
}
