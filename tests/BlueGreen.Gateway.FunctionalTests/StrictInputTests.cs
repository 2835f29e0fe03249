using System.Text;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Input that could be read in two ways, or that nobody can have meant: it is refused, and the answer names what is wrong.</summary>
public sealed class StrictInputTests
{
    private const string Rollback = "POST /v1/services/orders/rollback";

    [Theory]
    [InlineData("Idempotency-Key: a\tb", "Idempotency-Key: must not have control characters")]
    [InlineData("Idempotency-Key: a\r\nIdempotency-Key: b", "Idempotency-Key: is there 2 times")]
    [InlineData("Idempotency-Key:", "Idempotency-Key: must not be empty")]
    [InlineData("If-Match: \"01\"", "If-Match: must be the service's ETag")]
    [InlineData("If-Match: \"1\"\r\nIf-Match: \"2\"", "If-Match: must be the service's ETag")]
    [InlineData("Transfer-Encoding: chunked", "Content-Length and Transfer-Encoding contradict each other")]
    [InlineData("Transfer-Encoding: gzip, chunked", "contradict each other")]
    public async Task Header_Ambiguous_Is400ThatSaysWhatIsWrong(string header, string detail)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        using var connection = await RawConnection.OpenAsync(fleet.Admin.Http.BaseAddress!.ToString());

        await connection.SendAsync($"{Rollback} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 7\r\n{header}\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
            .Replace("2\r\n{}\r\n0\r\n\r\n", header.StartsWith("Transfer", StringComparison.Ordinal) ? "2\r\n{}\r\n0\r\n\r\n" : "{     }", StringComparison.Ordinal));
        var answer = await connection.ReadTextToEndAsync();

        answer.Should().StartWith("HTTP/1.1 400").And.Contain("\"code\":\"invalid-request\"").And.Contain(detail);
    }

    [Theory]
    [InlineData("""{ "version": "", "destinations": { "g1": { "address": "http://127.0.0.1:9" } } }""", "version")]
    [InlineData("""{ "version": " ", "destinations": { "g1": { "address": "http://127.0.0.1:9" } } }""", "version")]
    [InlineData("""{ "version": "3.0.0", "destinations": { "g1": { "address": "http://127.0.0.1:0" } } }""", "destinations.g1.address")]
    public async Task Deploy_WhatCantBeMeant_Is400WithTheField(string body, string field)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", body);

        answer.Code.Should().Be("invalid-request");
        answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Should().Equal(field);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    // A variable of a script that is not set must not be taken for "whatever version".
    [Fact]
    public async Task ExpectVersion_Empty_Is400()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.Admin.CutoverAsync(new { expectVersion = "" }, wait: null)).Json.GetProperty("errors").TryGetProperty("expectVersion", out _).Should().BeTrue();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?expectVersion=")).Json.GetProperty("errors").TryGetProperty("expectVersion", out _).Should().BeTrue();
    }

    [Fact]
    public async Task IdempotencyKey_SameRequestInOtherWords_GetsTheSameRelease()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        (string, string) key = ("Idempotency-Key", "k");
        var first = (await fleet.Admin.CutoverAsync("""{ "to": "green", "reason": "ä", "bakeSeconds": 600, "force": true }""", headers: key)).Release;

        foreach (var (path, body) in new[]
        {
            ("/v1/services/orders/cutover", """{"force":true,"bakeSeconds":6.0e2,"reason":"\u00e4","to":"green","expectVersion":null,"requireApproval":false}"""),
            ("/v1/services/ORDERS/cutover/", """{ "to": "green", "reason": "ä", "bakeSeconds": 600, "force": true }"""),
        })
        {
            (await fleet.Admin.PostAsync(path, body, headers: key)).Release.Id.Should().Be(first.Id);
        }

        foreach (var (path, body) in new[]
        {
            ("/v1/services/orders/cutover", """{ "to": "green", "reason": "ä", "bakeSeconds": 600 }"""),
            ("/v1/services/orders/cutover", """{ "to": "green", "reason": "Ä", "bakeSeconds": 600, "force": true }"""),
            ("/v1/services/users/cutover", """{ "to": "green", "reason": "ä", "bakeSeconds": 600, "force": true }"""),
            ("/v1/services/orders/rollback", """{ "reason": "ä", "force": true }"""),
        })
        {
            (await fleet.Admin.PostAsync(path, body, headers: key)).Code.Should().Be("idempotency-mismatch", "{0} {1}", path, body);
        }
    }

    [Fact]
    public async Task IdempotencyKey_OfAGroupInAnotherOrder_GetsTheSameRelease()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        (string, string) key = ("Idempotency-Key", "k");
        var first = (await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "orders", "users" }, force = true }, wait: 30, headers: key)).Release;

        (await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "Users", "orders" }, force = true }, headers: key)).Release.Id.Should().Be(first.Id);
        (await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "users" }, force = true }, headers: key)).Code.Should().Be("idempotency-mismatch");
    }

    [Fact]
    public async Task IdempotencyKey_OfADeploymentWithForceInTheQuery_IsAnotherRequestThanWithout()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        (string, string) key = ("Idempotency-Key", "k");
        var body = $$"""{ "destinations": { "g1": { "address": "{{fleet.Green.Address}}" }, "g2": { "address": "{{fleet.Blue.Address}}" } } }""";
        var reordered = $$"""{ "destinations": { "g2": { "address": "{{fleet.Blue.Address}}" }, "g1": { "address": "{{fleet.Green.Address}}" } } }""";

        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", body, headers: key)).Status.Should().Be(200);

        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/GREEN", reordered, headers: key)).Status.Should().Be(200);
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green?force=true", body, headers: key)).Code.Should().Be("idempotency-mismatch");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(2);
    }
}
