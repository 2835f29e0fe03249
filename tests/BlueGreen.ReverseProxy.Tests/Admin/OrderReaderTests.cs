using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Releases;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Admin;

public sealed class OrderReaderTests
{
    private readonly ServiceCatalog _catalog = Services.Catalog("orders", "users");

    [Fact]
    public void Cutover_WithoutABody_HasTheConfiguredDurations()
    {
        var order = OrderReader.ReadCutover(Request(null), [_catalog.Entry("orders")], Ordering.Ci);

        order.Should().BeEquivalentTo(new { Kind = ReleaseKind.Cutover, To = (SlotName?)null, Force = false, RequireApproval = false, IfMatch = (long?)null });
        order.BakeSeconds.Should().Be(_catalog.Entry("orders").Options.Bake.Duration.TotalSeconds).And.BePositive();
        order.DrainSeconds.Should().Be(_catalog.Entry("orders").Options.DrainTimeout.TotalSeconds).And.BePositive();
    }

    [Fact]
    public void Cutover_EveryField_IsRead()
    {
        var request = Request(
            """{ "to": "green", "reason": "why", "expectVersion": "2.0.0", "force": true, "bakeSeconds": 1.5, "drainSeconds": 2, "requireApproval": true, "retryKnownBad": true }""",
            ("If-Match", "\"7\""),
            ("Idempotency-Key", "k"));

        var order = OrderReader.ReadCutover(request, [_catalog.Entry("orders")], Ordering.Ci);

        request.IsInvalid(out _).Should().BeFalse();
        order.Should().BeEquivalentTo(new
        {
            To = SlotName.Green,
            Reason = "why",
            ExpectVersion = "2.0.0",
            Force = true,
            BakeSeconds = 1.5,
            DrainSeconds = 2.0,
            RequireApproval = true,
            RetryKnownBad = true,
            IfMatch = 7,
            IdempotencyKey = "k",
        });
        order.RequestHash.Should().HaveLength(64);
    }

    [Fact]
    public void Rollback_OfSeveral_HasNoBakeAndTheLongestDrain()
    {
        var order = OrderReader.ReadRollback(Request(null), [_catalog.Entry("orders"), _catalog.Entry("users")], Ordering.Ci);

        order.Services.Should().Equal("orders", "users");
        order.BakeSeconds.Should().Be(0);
        order.Kind.Should().Be(ReleaseKind.Rollback);
    }

    [Fact]
    public void IfMatch_ForSeveralServices_IsRefusedInTheRequest()
    {
        var request = Request(null, ("If-Match", "\"7\""));

        OrderReader.ReadCutover(request, [_catalog.Entry("orders"), _catalog.Entry("users")], Ordering.Ci);

        request.Body.Errors.Keys.Should().Equal("If-Match");
    }

    [Theory]
    [InlineData("{\"to\":\"purple\",\"bakeSeconds\":-1,\"color\":1}", "to,bakeSeconds,color")]
    [InlineData("{\"force\":\"yes\",\"reason\":7}", "force,reason")]
    [InlineData("{\"reason\":\"a\\nb\"}", "reason")]
    [InlineData("{\"reason\":\"a \\u202egpj.exe\"}", "reason")]
    [InlineData("{\"reason\":\"a\\u2028b\"}", "reason")]
    public void Cutover_SeveralBadFields_AreAllNamed(string body, string fields)
    {
        var request = Request(body);

        OrderReader.ReadCutover(request, [_catalog.Entry("orders")], Ordering.Ci);

        request.IsInvalid(out _).Should().BeTrue();
        request.Body.Errors.Keys.Should().BeEquivalentTo(fields.Split(','));
    }

    [Fact]
    public void Key_TheSameForAnotherBody_HasAnotherHash()
    {
        HashOf("""{ "to": "green" }""").Should().NotBe(HashOf("""{ "to": "blue" }"""));
        HashOf("""{ "reason": "1", "expectVersion": "2" }""").Should().NotBe(HashOf("""{ "reason": "2", "expectVersion": "1" }"""));
        HashOf("""{ "bakeSeconds": 0 }""").Should().NotBe(HashOf("{}"), "without it, what is configured holds");
        HashOf("""{ "reason": "true" }""").Should().NotBe(HashOf("""{ "force": true }"""));
    }

    [Theory]
    [InlineData("""{ "to": "green", "bakeSeconds": 600 }""", """{"bakeSeconds":6E2,"to":"green"}""")]
    [InlineData("""{ "reason": "👩\u200d💻" }""", """{ "reason": "👩‍💻" }""")]
    [InlineData("""{ "reason": "ä" }""", """{ "reason": "\u00e4" }""")]
    [InlineData("""{ "force": false, "requireApproval": false, "retryKnownBad": false, "reason": null }""", "{}")]
    [InlineData("{}", null)]
    public void Key_TheSameRequestInOtherWords_HasTheSameHash(string one, string? other)
    {
        HashOf(one).Should().Be(HashOf(other));
    }

    [Theory]
    [InlineData("a\tb", "must not have control characters, such as a tab")]
    [InlineData("", "must not be empty")]
    public void Key_NotUsable_SaysWhatIsWrong(string key, string message)
    {
        var request = Request(null, ("Idempotency-Key", key));

        request.Idempotency().Should().BeNull();

        request.Body.Errors["Idempotency-Key"].Should().Equal(message);
    }

    [Theory]
    [InlineData("\"1\"", 1L)]
    [InlineData("\"0\"", 0L)]
    [InlineData("\"01\"", null)]
    [InlineData("\"+1\"", null)]
    [InlineData("\"\"1\"\"", null)]
    [InlineData("1", null)]
    public void IfMatch_NotAnETagOfAService_IsRefused(string tag, long? generation)
    {
        var request = Request(null, ("If-Match", tag));

        request.IfMatch().Should().Be(generation);

        request.Body.Errors.ContainsKey("If-Match").Should().Be(generation is null);
    }

    [Theory]
    [InlineData("wait=10", 10.0)]
    [InlineData("respond-async, wait=\"10\"", 10.0)]
    [InlineData("wait=100000", 300.0)]
    [InlineData("respond-async", null)]
    public void Wait_AsPreferred_IsReadAndLimited(string prefer, double? seconds)
    {
        Request(null, ("Prefer", prefer)).Wait()?.TotalSeconds.Should().Be(seconds);
        (Request(null, ("Prefer", prefer)).Wait() is null).Should().Be(seconds is null);
    }

    [Fact]
    public void Step_WithPreconditions_PassesThemOn()
    {
        ReleaseStep.Read(Request(null, ("If-Match", "\"3\""), ("Idempotency-Key", "k")), "r1-000000", Ordering.Ci)
            .Should().Match<ReleaseStep>(step => step.Release == "r1-000000" && step.IfMatch == 3 && step.Key!.Value.Key == "k" && step.To == null);
    }

    private string HashOf(string? body) => OrderReader.ReadCutover(Request(body, ("Idempotency-Key", "k")), [_catalog.Entry("orders")], Ordering.Ci).RequestHash!;

    private static AdminRequest Request(string? body, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Path = "/v1/services/orders/cutover";
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return body is null
            ? new AdminRequest(context.Request)
            : new AdminRequest(context.Request, JsonDocument.Parse(body).RootElement);
    }
}
