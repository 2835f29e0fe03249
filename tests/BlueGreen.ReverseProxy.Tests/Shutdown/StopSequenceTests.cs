using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Shutdown;

/// <summary>The order of a stop, and that no step of it keeps the next one from running.</summary>
public sealed class StopSequenceTests : IDisposable
{
    private const int StepCount = 16;

    private readonly TempFolder _folder = new();

    public static TheoryData<int> EachStep => [.. Enumerable.Range(0, StepCount)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Steps_OfAGateway_AreTheseInThisOrder()
    {
        await using var gateway = Gateway();
        var ran = new List<string>();

        await StopAsync(gateway, Recorded(Plan(gateway), ran));

        ran.Should().Equal(Names(Plan(gateway)));
        ran.Should().HaveCount(StepCount, "each has a row of its own below");
        ran.Should().ContainInOrder("let held requests go", "end the mirrors", "stop the running releases", "release the state", "close the listeners", "drain", "cancel the requests that are left");
    }

    [Theory]
    [MemberData(nameof(EachStep))]
    public async Task Step_Throws_IsLoggedAndAllOthersRun(int failing)
    {
        await using var gateway = Gateway();
        var plan = Plan(gateway);
        var name = Names(plan)[failing];
        var ran = new List<string>();
        plan = Recorded(Replaced(plan, name, _ => throw new InvalidOperationException("broken on purpose")), ran);

        await StopAsync(gateway, plan);

        ran.Should().Equal(Names(plan));
        gateway.GetRequiredService<Warnings>().Lines.Should().ContainSingle(line => line.Contains("broken on purpose", StringComparison.Ordinal))
            .Which.Should().Contain(name);
    }

    // What takes up the loops' time must not take up the state's.
    [Theory]
    [InlineData("let held requests go")]
    [InlineData("stop calling hooks")]
    [InlineData("stop the running releases")]
    [InlineData("release the state")]
    public async Task ControlStep_Hangs_IsGivenUpAndAllOthersRun(string name)
    {
        var time = new ManualTime();
        await using var gateway = Gateway(time);
        var ran = new List<string>();
        var plan = Recorded(Replaced(Plan(gateway), name, token => Task.Delay(Timeout.InfiniteTimeSpan, time, token)), ran);

        var stop = StopAsync(gateway, plan);
        var limit = TimeSpan.FromSeconds(name == "release the state" ? 1 : 4);
        await time.UntilWaitedForAsync(limit);
        time.Advance(limit);
        await stop.WaitAsync(TestTime.Limit);

        ran.Should().Equal(Names(plan));
        gateway.GetRequiredService<Warnings>().Lines.Should().ContainSingle().Which.Should().Contain(name == "release the state" ? "The state could not be given up" : name);
        if (name != "release the state")
        {
            var changed = () => gateway.GetRequiredService<ReverseProxy.State.CommittedState>().CommitAsync(committed => new ReverseProxy.State.Decision<bool>(committed.Change(), true));
            await changed.Should().ThrowAsync<ReverseProxy.State.StateUnavailableException>("a successor has the state");
        }
    }

    [Theory]
    [InlineData("wait until load balancers have noticed")]
    [InlineData("drain")]
    public async Task SecondSignal_DuringAStepOfTheTraffic_SkipsToTheRest(string name)
    {
        await using var gateway = Gateway();
        using var signals = new StopSignals(gateway.GetRequiredService<IHostApplicationLifetime>());
        var ran = new List<string>();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var plan = Plan(gateway);
        var recorded = Recorded(
            Replaced(plan, name, token =>
            {
                reached.SetResult();
                return Task.Delay(Timeout.InfiniteTimeSpan, token);
            }),
            ran);

        var stop = StopAsync(gateway, recorded, signals);
        await reached.Task.WaitAsync(TestTime.Limit);
        signals.Hurry();
        await stop.WaitAsync(TestTime.Limit);

        var skipped = plan.Traffic.Select(step => step.Name).SkipWhile(step => step != name).Skip(1);
        ran.Should().Equal(Names(plan).Except(skipped, StringComparer.Ordinal));
        gateway.GetRequiredService<Warnings>().Lines.Should().ContainSingle().Which.Should().Contain("Second stop signal");
    }

    [Fact]
    public async Task HostsOwnStop_AfterTheSequence_HasItsTimeToo()
    {
        var time = new ManualTime();
        await using var gateway = Gateway(time);
        using var signals = new StopSignals(gateway.GetRequiredService<IHostApplicationLifetime>());
        using var sequence = Sequence(gateway, Plan(gateway), signals);

        await sequence.StoppingAsync(CancellationToken.None).WaitAsync(TestTime.Limit);

        sequence.Overdue.IsCancellationRequested.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(5));
        sequence.Overdue.IsCancellationRequested.Should().BeTrue();
    }

    private static StopPlan Plan(IServiceProvider gateway) => gateway.GetRequiredService<StopPlan>();

    private static StopSequence Sequence(IServiceProvider gateway, StopPlan plan, StopSignals signals) => new(
        plan,
        gateway.GetRequiredService<ServingMark>(),
        signals,
        gateway.GetRequiredService<TimeProvider>(),
        gateway.GetRequiredService<ILogger<StopSequence>>());

    private static async Task StopAsync(IServiceProvider gateway, StopPlan plan, StopSignals? signals = null)
    {
        using var own = new StopSignals(gateway.GetRequiredService<IHostApplicationLifetime>());
        using var sequence = Sequence(gateway, plan, signals ?? own);
        await sequence.StoppingAsync(CancellationToken.None);
    }

    private static List<string> Names(StopPlan plan) => [.. plan.Loops.Append(plan.State).Concat(plan.Traffic).Concat(plan.Rest).Select(step => step.Name)];

    private static StopPlan Each(StopPlan plan, Func<StopStep, StopStep> change) =>
        new([.. plan.Loops.Select(change)], change(plan.State), [.. plan.Traffic.Select(change)], [.. plan.Rest.Select(change)]);

    private static StopPlan Replaced(StopPlan plan, string name, Func<CancellationToken, Task> run) =>
        Each(plan, step => step.Name == name ? step with { RunAsync = run } : step);

    // The real steps run; each is noted when it begins.
    private static StopPlan Recorded(StopPlan plan, List<string> ran) => Each(plan, step => step with
    {
        RunAsync = token =>
        {
            ran.Add(step.Name);
            return step.RunAsync(token);
        },
    });

    // Everything that a gateway has, without a server.
    private ServiceProvider Gateway(TimeProvider? time = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["BlueGreen:State:Directory"] = _folder.Path,
            ["BlueGreen:Services:orders:Blue"] = "orders-blue",
            ["BlueGreen:Services:orders:Green"] = "orders-green",
        }).Build();
        var services = new ServiceCollection();
        var log = new Warnings();
        services.AddSingleton(log);
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(log));
        services.AddSingleton<IHostApplicationLifetime, Lifetime>();
        services.AddSingleton<IHostEnvironment>(new Microsoft.Extensions.Hosting.Internal.HostingEnvironment());
        services.AddReverseProxy()
            .LoadFromMemory([], [new ClusterConfig { ClusterId = "orders-blue" }, new ClusterConfig { ClusterId = "orders-green" }])
            .AddBlueGreen(configuration);
        return services.BuildServiceProvider();
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => throw new NotSupportedException();
    }

    private sealed class Warnings : ILoggerProvider, ILogger
    {
        private const int BeginsAnew = 2309;

        private ImmutableList<string> _lines = [];

        public IReadOnlyList<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // Every test begins without a state, and what a stop says is not that.
            if (eventId.Id == BeginsAnew)
            {
                return;
            }

            ImmutableInterlocked.Update(ref _lines, lines => lines.Add(string.Create(CultureInfo.InvariantCulture, $"{formatter(state, exception)} {exception?.Message}")));
        }

        public void Dispose()
        {
            // Nothing to give back.
        }
    }
}
