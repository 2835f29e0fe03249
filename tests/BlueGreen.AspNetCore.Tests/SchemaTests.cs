using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Tests;

public sealed class SchemaTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(41)]
    [InlineData(42)]
    public async Task Schema_CurrentInRange_IsHealthyAndReported(long current)
    {
        await using var api = await StartAsync((_, _) => ValueTask.FromResult(current));

        using var response = await api.Client.GetAsync("/health");
        var report = await api.ReportAsync();

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        report.GetProperty("status").GetString().Should().Be("healthy");
        report.GetProperty("schema").GetRawText().Should().Be($$"""{"current":{{current}},"min":40,"max":42}""");
        Check(report).GetProperty("status").GetString().Should().Be("healthy");
    }

    [Theory]
    [InlineData(39)]
    [InlineData(43)]
    public async Task Schema_CurrentOutOfRange_IsUnhealthyAndSaysSo(long current)
    {
        await using var api = await StartAsync((_, _) => ValueTask.FromResult(current));

        using var response = await api.Client.GetAsync("/health");
        var report = await api.ReportAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        report.GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("schema").GetProperty("current").GetInt64().Should().Be(current);
        Check(report).GetProperty("status").GetString().Should().Be("unhealthy");
        Check(report).GetProperty("description").GetString()
            .Should().Be($"The schema version is {current}; this version works with 40 to 42.");
    }

    [Fact]
    public async Task Schema_ReadFails_IsUnhealthyWithoutCurrentAndWithoutTheTextOfTheException()
    {
        await using var api = await StartAsync((_, _) => throw new InvalidOperationException("Host=db;Password=hunter2"));

        using var response = await api.Client.GetAsync("/health");
        var body = await response.Content.ReadAsStringAsync();
        var report = await api.ReportAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        body.Should().NotContain("hunter2");
        report.GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("schema").GetRawText().Should().Be("""{"min":40,"max":42}""");
        Check(report).GetProperty("description").GetString().Should().Be("The schema version could not be read.");
    }

    [Fact]
    public async Task Schema_ReadHangs_IsUnhealthyAndSaysThatTheSchemaWasSlow()
    {
        var never = new TaskCompletionSource<long>();
        await using var api = await StartAsync((_, _) => new ValueTask<long>(never.Task), TimeSpan.FromMilliseconds(100));

        var report = await api.ReportAsync().WaitAsync(TimeSpan.FromSeconds(30));

        report.GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("schema").GetRawText().Should().Be("""{"min":40,"max":42}""");
        Check(report).GetProperty("description").GetString().Should().Be("No answer within 0.1 s.");
    }

    [Fact]
    public async Task Schema_ReadUsesScopedServices_GetsAScopeOfItsOwnForEachProbe()
    {
        await using var api = await ApiHost.StartAsync(
            services => services.AddSingleton<Opened>().AddScoped<MigrationTable>(),
            options => Configure(options, (services, _) => ValueTask.FromResult(services.GetRequiredService<MigrationTable>().Version)));

        var first = await api.ReportAsync();
        var second = await api.ReportAsync();

        first.GetProperty("schema").GetProperty("current").GetInt64().Should().Be(1);
        second.GetProperty("schema").GetProperty("current").GetInt64().Should().Be(2);
    }

    [Fact]
    public async Task Schema_AnotherCheckHasTheName_IsRefusedAtStart()
    {
        var start = () => ApiHost.StartAsync(
            services => services.AddHealthChecks().AddCheck("Schema", () => HealthCheckResult.Healthy()),
            options => Configure(options, (_, _) => ValueTask.FromResult(41L)));

        await start.Should().ThrowAsync<ArgumentException>().WithMessage("*Duplicate health checks*schema*");
    }

    private static Task<ApiHost> StartAsync(Func<IServiceProvider, CancellationToken, ValueTask<long>> read, TimeSpan? timeout = null) =>
        ApiHost.StartAsync(options: options =>
        {
            Configure(options, read);
            options.Timeout = timeout ?? options.Timeout;
        });

    private static void Configure(BlueGreenApiOptions options, Func<IServiceProvider, CancellationToken, ValueTask<long>> read)
    {
        options.Schema.Min = 40;
        options.Schema.Max = 42;
        options.Schema.ReadCurrent = read;
    }

    private static JsonElement Check(JsonElement report) => report.GetProperty("checks").GetProperty("schema");

    private sealed class Opened
    {
        private int _count;

        public int Next() => Interlocked.Increment(ref _count);
    }

    private sealed class MigrationTable(Opened opened)
    {
        public long Version { get; } = opened.Next();
    }
}
