using System.Text.Json;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Tests.Health;

public sealed class ReportParserTests
{
    [Fact]
    public void Native_OfTheContract_IsReadWhole()
    {
        var report = Reports.Read("""
            { "status": "healthy", "version": "2.0.0", "environment": "green", "uptime": 12.5,
              "checks": { "database": true, "cache": { "status": "healthy", "durationMs": 1.8 } },
              "schema": { "current": 42, "min": 40, "max": 43 } }
            """);

        report.Status.Should().Be("healthy");
        report.Version.Should().Be("2.0.0");
        report.Environment.Should().Be("green");
        report.Uptime.Should().Be(12.5);
        report.Checks.Should().BeEquivalentTo(new Dictionary<string, string> { ["database"] = "healthy", ["cache"] = "healthy" });
        report.Schema.Should().Be(new SchemaReport(42, 40, 43));
    }

    [Theory]
    [InlineData("healthy", "healthy")]
    [InlineData("HEALTHY", "healthy")]
    [InlineData(" Healthy ", "healthy")]
    [InlineData("Degraded", "degraded")]
    [InlineData("unHealthy", "unhealthy")]
    [InlineData("UP", "healthy")]
    [InlineData("DOWN", "unhealthy")]
    [InlineData("OUT_OF_SERVICE", "unhealthy")]
    [InlineData("UNKNOWN", "unhealthy")]
    public void Status_AnyCase_IsRead(string written, string status)
    {
        Reports.Read($$"""{ "status": "{{written}}" }""").Status.Should().Be(status);
    }

    [Theory]
    [InlineData("true", "healthy")]
    [InlineData("false", "unhealthy")]
    [InlineData("\"Healthy\"", "healthy")]
    [InlineData("\"DEGRADED\"", "degraded")]
    [InlineData("\"fine\"", "unhealthy")]
    [InlineData("{ \"status\": \"UP\", \"details\": {} }", "healthy")]
    [InlineData("{ \"Status\": \"Unhealthy\" }", "unhealthy")]
    [InlineData("{ \"status\": true }", "healthy")]
    [InlineData("{ \"status\": 1 }", "unhealthy")]
    [InlineData("{ }", "unhealthy")]
    [InlineData("1", "unhealthy")]
    [InlineData("null", "unhealthy")]
    [InlineData("[ true ]", "unhealthy")]
    public void Check_OfAnyForm_PassesOnlyIfItSaysSo(string check, string status)
    {
        Reports.Read($$"""{ "status": "healthy", "checks": { "a": {{check}} } }""").Checks["a"].Should().Be(status);
    }

    [Fact]
    public void Checks_AreFoundWithoutRegardToCase()
    {
        Reports.Read("""{ "status": "healthy", "checks": { "Database": true } }""").Checks.ContainsKey("database").Should().BeTrue();
    }

    [Fact]
    public void AspNetCore_Entries_AreRead()
    {
        var report = Reports.Read("""
            { "status": "Degraded", "totalDuration": "00:00:00.01",
              "entries": { "db": { "data": {}, "duration": "00:00:00.01", "status": "Healthy", "tags": [] }, "queue": { "status": "Degraded" } } }
            """);

        report.Status.Should().Be("degraded");
        report.Checks.Should().BeEquivalentTo(new Dictionary<string, string> { ["db"] = "healthy", ["queue"] = "degraded" });
    }

    [Fact]
    public void AspNetCore_Results_AreRead()
    {
        var report = Reports.Read("""{ "Status": "Unhealthy", "Results": { "db": { "Status": "Unhealthy", "Description": "gone" } } }""");

        report.Status.Should().Be("unhealthy");
        report.Checks["db"].Should().Be("unhealthy");
    }

    [Theory]
    [InlineData("components")]
    [InlineData("details")]
    public void Spring_Components_AreRead(string container)
    {
        var report = Reports.Read($$"""
            { "status": "UP", "{{container}}": { "db": { "status": "UP", "details": { "database": "PostgreSQL" } }, "disk": { "status": "DOWN" } } }
            """);

        report.Status.Should().Be("healthy");
        report.Checks.Should().BeEquivalentTo(new Dictionary<string, string> { ["db"] = "healthy", ["disk"] = "unhealthy" });
    }

    [Theory]
    [InlineData("""{ "min": 40, "max": 42 }""", null)]
    [InlineData("""{ "current": null, "min": 40, "max": 42 }""", null)]
    [InlineData("""{ "current": 39, "min": 40, "max": 42 }""", 39L)]
    public void Schema_WithOrWithoutCurrent_IsRead(string schema, long? current)
    {
        Reports.Read($$"""{ "status": "unhealthy", "schema": {{schema}} }""").Schema.Should().Be(new SchemaReport(current, 40, 42));
    }

    [Theory]
    [InlineData("42")]
    [InlineData("""{ "current": 42 }""")]
    [InlineData("""{ "current": "42", "min": 40, "max": 42 }""")]
    [InlineData("""{ "current": 1.5, "min": 1, "max": 2 }""")]
    [InlineData("""{ "current": 42, "min": 43, "max": 42 }""")]
    [InlineData("""{ "current": 42, "min": 40, "max": 99999999999999999999 }""")]
    public void Schema_Malformed_IsNoReport(string schema)
    {
        Reports.Refuse($$"""{ "status": "healthy", "schema": {{schema}} }""").Should().Contain("schema");
    }

    [Fact]
    public void Schema_Null_IsNone()
    {
        Reports.Read("""{ "status": "healthy", "schema": null }""").Schema.Should().BeNull();
    }

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("   ", "not JSON")]
    [InlineData("<html>", "not JSON")]
    [InlineData("Healthy", "not JSON")]
    [InlineData("""{ "status": "healthy" """, "not JSON")]
    [InlineData("""{ "status": "healthy" } x""", "not JSON")]
    [InlineData("null", "no \"status\"")]
    [InlineData("\"healthy\"", "no \"status\"")]
    [InlineData("[]", "no \"status\"")]
    [InlineData("{}", "no \"status\"")]
    [InlineData("""{ "status": true }""", "no \"status\"")]
    [InlineData("""{ "status": "ok" }""", "\"ok\" is not healthy, degraded or unhealthy")]
    [InlineData("""{ "status": "" }""", "is not healthy, degraded or unhealthy")]
    public void Body_ThatIsNoReport_IsRefusedWithAReason(string body, string reason)
    {
        Reports.Refuse(body).Should().Contain(reason);
    }

    [Fact]
    public void Body_NestedTooDeeply_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 5000)) + string.Concat(Enumerable.Repeat("]", 5000));

        Reports.Refuse($$"""{ "status": "healthy", "checks": {{deep}} }""").Should().Contain("not JSON");
    }

    // What an API says ends up in headers, logs and terminals.
    [Fact]
    public void Texts_HugeOrWithControlCharacters_BecomeOneShortLine()
    {
        var huge = new string('x', 10_000);
        var report = Reports.Read($$"""
            { "status": "healthy", "version": "1\r\nSet-Cookie: a=b", "environment": "{{huge}}", "checks": { "{{huge}}": true, "a\u001b[31m": true } }
            """);

        report.Version.Should().Be("1  Set-Cookie: a=b");
        report.Environment.Should().HaveLength(200);
        report.Checks.Keys.Should().OnlyContain(name => name.Length <= 200 && !name.Any(char.IsControl));
        Reports.Refuse($$"""{ "status": "{{huge}}" }""").Length.Should().BeLessThan(300);
        Reports.Refuse("""{ "status": "a\nb" }""").Should().NotContain("\n");
    }

    [Theory]
    [InlineData("""{ "status": "healthy", "version": 2, "environment": null, "uptime": "long" }""")]
    [InlineData("""{ "status": "healthy", "version": "", "checks": [ true ] }""")]
    public void Fields_OfAnotherKind_AreNotReported(string body)
    {
        var report = Reports.Read(body);

        report.Version.Should().BeNull();
        report.Environment.Should().BeNull();
        report.Uptime.Should().BeNull();
        report.Checks.Should().BeEmpty();
    }

    // Infinity is no JSON: the answer of GET /v1/services could not be written any more.
    [Fact]
    public void Uptime_TooLargeForANumber_CanBeWrittenAgain()
    {
        var report = Reports.Read("""{ "status": "healthy", "uptime": 1e999 }""");
        var probe = new ProbeStatus(DateTimeOffset.UnixEpoch, true, 200, 1, null, report);
        var destination = new DestinationStatus("b1", "http://a/", HealthState.Healthy, probe);
        var slot = new SlotStatus("c", null, HealthState.Healthy, new(0, 0, 0, 0), [destination]);
        var service = new ServiceStatus("orders", 1, SlotName.Blue, SlotName.Green, null, new(null, null, null, null, null), new(slot, slot), null, []);

        service.Invoking(it => JsonSerializer.Serialize(it, ContractsJson.Default.ServiceStatus)).Should().NotThrow();
    }

    // Two checks that are one to whoever reads the report: the one that fails is the one that counts.
    [Theory]
    [InlineData("""{ "status": "healthy", "checks": { "db": false, "DB": true } }""")]
    [InlineData("""{ "status": "healthy", "checks": { "db": false }, "components": { "db": { "status": "UP" } } }""")]
    public void Check_ReportedTwice_FailsIfOneDoes(string body)
    {
        Reports.Read(body).Checks["db"].Should().Be("unhealthy");
    }

    [Theory]
    [InlineData("""{ "status": "\ud800" }""")]
    [InlineData("""{ "status": "healthy", "version": "\ud800" }""")]
    [InlineData("""{ "\udc00": 1, "status": "healthy" }""")]
    [InlineData("""{ "status": "healthy", "checks": { "\ud800": true } }""")]
    public void Text_ThatIsNoUnicode_DoesNotThrow(string body)
    {
        body.Invoking(Reports.Parse).Should().NotThrow();
    }
}
