using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Tests;

public sealed class HealthReportTests
{
    [Fact]
    public async Task Report_NoChecks_IsHealthyWithExactlyTheFieldsOfTheContract()
    {
        await using var api = await ApiHost.StartAsync();

        using var response = await api.Client.GetAsync("/health");
        var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        report.EnumerateObject().Select(field => field.Name).Should().Equal("status", "version", "environment", "uptime", "checks");
        report.GetProperty("status").GetString().Should().Be("healthy");
        report.GetProperty("version").GetString().Should().Be("2.0.0");
        report.GetProperty("environment").GetString().Should().Be("green");
        report.GetProperty("uptime").ValueKind.Should().Be(JsonValueKind.Number);
        report.GetProperty("checks").EnumerateObject().Should().BeEmpty();
    }

    [Fact]
    public async Task Report_HealthyCheck_NamesItWithStatusAndDuration()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("Database", () => HealthCheckResult.Healthy()));

        var check = (await api.ReportAsync()).GetProperty("checks").GetProperty("Database");

        check.EnumerateObject().Select(field => field.Name).Should().Equal("status", "durationMs");
        check.GetProperty("status").GetString().Should().Be("healthy");
        check.GetProperty("durationMs").GetDouble().Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Report_DegradedCheck_IsDegradedWithStatus200AndTheDescription()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("database", () => HealthCheckResult.Healthy())
            .AddCheck("cache", () => HealthCheckResult.Degraded("half of the nodes answer")));

        using var response = await api.Client.GetAsync("/health");
        var report = await api.ReportAsync();

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        report.GetProperty("status").GetString().Should().Be("degraded");
        report.GetProperty("checks").GetProperty("database").GetProperty("status").GetString().Should().Be("healthy");
        report.GetProperty("checks").GetProperty("cache").GetProperty("status").GetString().Should().Be("degraded");
        report.GetProperty("checks").GetProperty("cache").GetProperty("description").GetString().Should().Be("half of the nodes answer");
    }

    [Fact]
    public async Task Report_UnhealthyCheck_IsUnhealthyWithStatus503()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("cache", () => HealthCheckResult.Degraded())
            .AddCheck("database", () => HealthCheckResult.Unhealthy("no primary")));

        using var response = await api.Client.GetAsync("/health");
        var report = await api.ReportAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        report.GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("checks").GetProperty("database").GetProperty("status").GetString().Should().Be("unhealthy");
    }

    [Fact]
    public async Task Report_CheckThrows_IsUnhealthyWithoutTheTextOfTheException()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("database", () => throw new InvalidOperationException("Host=db;Password=hunter2")));

        using var response = await api.Client.GetAsync("/health");
        var body = await response.Content.ReadAsStringAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        body.Should().Contain("failed with an exception").And.NotContain("hunter2").And.NotContain("InvalidOperation");
    }

    [Fact]
    public async Task Report_CheckReturnsItsExceptionAndItsMessage_LeavesBothOut()
    {
        var failure = new InvalidOperationException("Host=db;Password=hunter2");
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("database", () => HealthCheckResult.Degraded(failure.Message, failure)));

        var body = await api.Client.GetStringAsync("/health");

        body.Should().Contain("failed with an exception").And.NotContain("hunter2");
    }

    [Fact]
    public async Task Report_LongDescription_IsShortened()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("cache", () => HealthCheckResult.Degraded(new string('x', 255) + "\U0001F600" + new string('y', 100_000))));

        var check = (await api.ReportAsync()).GetProperty("checks").GetProperty("cache");

        check.GetProperty("description").GetString().Should().HaveLength(256).And.StartWith("xxx");
    }

    [Fact]
    public async Task Report_Head_HasTheHeadersOfGetAndNoBody()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks()
            .AddCheck("database", () => HealthCheckResult.Unhealthy()));

        using var request = new HttpRequestMessage(HttpMethod.Head, "/health");
        using var response = await api.Client.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        response.Content.Headers.ContentLength.Should().BePositive();
        (await response.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Report_Post_IsNotAllowed()
    {
        await using var api = await ApiHost.StartAsync();

        using var response = await api.Client.PostAsync("/health", content: null);

        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Report_PathInTheMapping_WinsOverTheOptions()
    {
        await using var api = await ApiHost.StartAsync(
            options: options => options.Path = "/configured",
            pipeline: app => app.MapBlueGreenHealth("/mapped"));

        using var mapped = await api.Client.GetAsync("/mapped");
        using var configured = await api.Client.GetAsync("/configured");

        mapped.StatusCode.Should().Be(HttpStatusCode.OK);
        configured.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Report_StatusCodeConfigured_IsUsed()
    {
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks().AddCheck("cache", () => HealthCheckResult.Degraded()),
            options => options.ResultStatusCodes[HealthStatus.Degraded] = 218);

        using var response = await api.Client.GetAsync("/health");

        ((int)response.StatusCode).Should().Be(218);
    }

    [Fact]
    public async Task Report_ConventionOnTheEndpoint_Applies()
    {
        await using var api = await ApiHost.StartAsync(pipeline: app => app.MapBlueGreenHealth().RequireHost("other.example"));

        using var response = await api.Client.GetAsync("/health");

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Report_Uptime_FollowsTheInjectedClock()
    {
        var clock = new ManualClock();
        await using var api = await ApiHost.StartAsync(services => services.AddSingleton<TimeProvider>(clock));

        var before = (await api.ReportAsync()).GetProperty("uptime").GetDouble();
        clock.Advance(TimeSpan.FromSeconds(12.5));
        clock.StepWallClock(TimeSpan.FromHours(-1));
        var after = (await api.ReportAsync()).GetProperty("uptime").GetDouble();

        before.Should().Be(0);
        after.Should().Be(12.5);
    }
}
