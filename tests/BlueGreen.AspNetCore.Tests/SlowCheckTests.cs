using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Tests;

public sealed class SlowCheckTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task SlowCheck_IgnoresItsToken_IsReportedAloneAndUnhealthy()
    {
        var never = new TaskCompletionSource<HealthCheckResult>();

        // A second, so that the check next to it answers in time on a busy machine as well.
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks()
                .AddAsyncCheck("database", () => never.Task)
                .AddCheck("cache", () => HealthCheckResult.Healthy()),
            options => options.Timeout = TimeSpan.FromSeconds(1));

        using var response = await api.Client.GetAsync("/health").WaitAsync(Guard);
        var report = await api.ReportAsync().WaitAsync(Guard);

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        report.GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("checks").GetProperty("database").GetProperty("status").GetString().Should().Be("unhealthy");
        report.GetProperty("checks").GetProperty("database").GetProperty("description").GetString().Should().Be("No answer within 1 s.");
        report.GetProperty("checks").GetProperty("cache").GetProperty("status").GetString().Should().Be("healthy");
    }

    [Fact]
    public async Task SlowCheck_BlocksItsThread_DoesNotHoldTheReport()
    {
        using var release = new ManualResetEventSlim();
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks().AddCheck("database", () =>
            {
                release.Wait(Guard);
                return HealthCheckResult.Healthy();
            }),
            options => options.Timeout = TimeSpan.FromMilliseconds(100));

        var report = await api.ReportAsync().WaitAsync(Guard);
        var blocked = !release.IsSet;
        release.Set();

        blocked.Should().BeTrue();
        report.GetProperty("checks").GetProperty("database").GetProperty("description").GetString().Should().Be("No answer within 0.1 s.");
    }

    [Fact]
    public async Task SlowCheck_ListensToItsToken_IsCancelledAndReported()
    {
        var cancelled = new TaskCompletionSource();
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks().AddCheck("database", new Endless { Cancelled = cancelled }),
            options => options.Timeout = TimeSpan.FromMilliseconds(100));

        var report = await api.ReportAsync().WaitAsync(Guard);

        await cancelled.Task.WaitAsync(Guard);
        report.GetProperty("checks").GetProperty("database").GetProperty("description").GetString().Should().Be("No answer within 0.1 s.");
    }

    [Fact]
    public async Task SlowCheck_CancellationCallbackBlocks_DoesNotHoldTheReport()
    {
        using var release = new ManualResetEventSlim();
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks().AddAsyncCheck("database", async token =>
            {
                token.Register(() => release.Wait(Guard));
                await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
                return HealthCheckResult.Healthy();
            }),
            options => options.Timeout = TimeSpan.FromMilliseconds(100));

        var report = await api.ReportAsync().WaitAsync(TimeSpan.FromSeconds(20));
        release.Set();

        report.GetProperty("status").GetString().Should().Be("unhealthy");
    }

    [Fact]
    public async Task SlowCheck_OwnTimeoutIsShorter_KeepsItsFailureStatus()
    {
        await using var api = await ApiHost.StartAsync(services => services.AddHealthChecks().Add(new HealthCheckRegistration(
            "cache", _ => new Endless(), HealthStatus.Degraded, tags: null, timeout: TimeSpan.FromMilliseconds(50))));

        var report = await api.ReportAsync().WaitAsync(Guard);

        report.GetProperty("status").GetString().Should().Be("degraded");
        report.GetProperty("checks").GetProperty("cache").GetProperty("description").GetString()
            .Should().Be("The check was cancelled by a timeout of its own.");
    }

    [Fact]
    public async Task SlowCheck_CallerGoesAway_IsCancelled()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var api = await ApiHost.StartAsync(
            services => services.AddHealthChecks().AddCheck("database", new Endless { Started = started, Cancelled = cancelled }),
            options => options.Timeout = TimeSpan.FromMinutes(5));
        using var caller = new CancellationTokenSource();

        var call = api.Client.GetAsync("/health", caller.Token);
        await started.Task.WaitAsync(Guard);
        await caller.CancelAsync();

        await call.Invoking(pending => pending).Should().ThrowAsync<OperationCanceledException>();
        await cancelled.Task.WaitAsync(Guard);
    }

    private sealed class Endless : IHealthCheck
    {
        public TaskCompletionSource Started { get; init; } = new();

        public TaskCompletionSource Cancelled { get; init; } = new();

        // Told from the catch. A callback of its own on the token, taken off when the check ends, may never run: the newest
        // callback runs first, which is the delay's, and the check goes on and ends on another thread meanwhile.
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                Started.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (OperationCanceledException)
            {
                Cancelled.TrySetResult();
                throw;
            }
        }
    }
}
