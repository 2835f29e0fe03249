using BlueGreen.ReverseProxy.Tests.Support;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace BlueGreen.Gateway.FunctionalTests;

public sealed class RepeatedEventsTests : ILogEventSink
{
    private const string Category = "Yarp.ReverseProxy.SessionAffinity";

    private readonly ManualTime _time = new();
    private readonly List<LogEvent> _written = [];
    private readonly RepeatedEvents _repeats;
    private readonly ILogger _log;

    public RepeatedEventsTests()
    {
        _repeats = new RepeatedEvents(_time);
        _log = new LoggerConfiguration().Filter.With(_repeats).WriteTo.Sink(this).CreateLogger();
        _repeats.WriteTo(_log);
    }

    [Fact]
    public void SameKind_WithinTheTime_IsWrittenOnceAndCountedWhenItIsOver()
    {
        for (var count = 0; count < 5; count++)
        {
            Warn(Category, "{Cluster} is down", "orders");
        }

        Messages().Should().Equal("\"orders\" is down");
        _time.Advance(RepeatedEvents.BetweenLines);
        Messages().Should().Equal("\"orders\" is down", "4 more like this within 10 s: orders is down");
        _written[1].Properties["Cluster"].ToString().Should().Be("\"orders\"");
        _written[1].Level.Should().Be(LogEventLevel.Warning);
    }

    [Fact]
    public void SameKind_AfterTheTime_IsAFirstOneAgain()
    {
        Warn(Category, "{Cluster} is down", "orders");
        _time.Advance(RepeatedEvents.BetweenLines);
        Warn(Category, "{Cluster} is down", "orders");

        Messages().Should().Equal("\"orders\" is down", "\"orders\" is down");
    }

    [Fact]
    public void OtherCluster_OfTheSameTemplate_IsAKindOfItsOwn()
    {
        Warn(Category, "{Cluster} is down", "orders");
        Warn(Category, "{Cluster} is down", "carts");

        _written.Should().HaveCount(2);
    }

    [Fact]
    public void OtherException_OfTheSameTemplate_IsAKindOfItsOwn()
    {
        var log = _log.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Server.Kestrel");
        log.Error(new InvalidOperationException("one"), "Connection id {ConnectionId}: an unhandled exception", 1);
        log.Error(new InvalidOperationException("another"), "Connection id {ConnectionId}: an unhandled exception", 2);
        log.Error(new IOException("a third"), "Connection id {ConnectionId}: an unhandled exception", 3);

        _written.Select(entry => entry.Exception!.Message).Should().Equal("one", "a third");
    }

    [Fact]
    public void WhatAClientSends_MakesNoKinds()
    {
        Warn(Category, "Bad key {key}", "a");
        Warn(Category, "Bad key {key}", "b");

        _written.Should().ContainSingle();
    }

    [Theory]
    [InlineData("BlueGreen.ReverseProxy.Releases.ReleaseEngine")]
    [InlineData("Microsoft.Hosting.Lifetime")]
    public void OtherCategory_IsWrittenAsItComes(string category)
    {
        Warn(category, "{Cluster} is down", "orders");
        Warn(category, "{Cluster} is down", "orders");

        _written.Should().HaveCount(2);
    }

    [Fact]
    public void Information_IsWrittenAsItComes()
    {
        _log.ForContext(Constants.SourceContextPropertyName, Category).Information("Proxying to {Cluster}", "orders");
        _log.ForContext(Constants.SourceContextPropertyName, Category).Information("Proxying to {Cluster}", "orders");

        _written.Should().HaveCount(2);
    }

    // Only the gateway's own counts pass as they are, not what happens to name a number the same way.
    [Fact]
    public void EventWithACountOfItsOwn_IsCountedToo()
    {
        Warn(Category, "Closed {Count}", "1");
        Warn(Category, "Closed {Count}", "1");

        _written.Should().ContainSingle();
    }

    [Fact]
    public void MoreKindsThanAreToldApart_AreWrittenAsTheyCome()
    {
        for (var count = 0; count < 2 * (RepeatedEvents.MaxKinds + 1); count++)
        {
            Warn(Category, "{Cluster} is down", $"orders{count % (RepeatedEvents.MaxKinds + 1)}");
        }

        _written.Should().HaveCount(RepeatedEvents.MaxKinds + 2);
    }

    [Fact]
    public async Task Stop_WithSomethingCounted_WritesItAndEverythingThatComesAfter()
    {
        Warn(Category, "{Cluster} is down", "orders");
        Warn(Category, "{Cluster} is down", "orders");
        await _repeats.StopAsync(CancellationToken.None);
        Warn(Category, "{Cluster} is down", "orders");
        Warn(Category, "{Cluster} is down", "orders");

        Messages().Should().Equal(
            "\"orders\" is down", "1 more like this within 10 s: orders is down", "\"orders\" is down", "\"orders\" is down");
    }

    // On a timer's thread an exception would end the process; here it would come out of the clock.
    [Fact]
    public void Output_ThrowsWhenTheTimeIsOver_TheClockGoesOn()
    {
        _repeats.WriteTo(new BrokenOutput());
        Warn(Category, "{Cluster} is down", "orders");
        Warn(Category, "{Cluster} is down", "orders");

        ((Action)(() => _time.Advance(RepeatedEvents.BetweenLines))).Should().NotThrow();
        Warn(Category, "{Cluster} is down", "orders");

        Messages().Should().Equal("\"orders\" is down", "\"orders\" is down");
    }

    void ILogEventSink.Emit(LogEvent logEvent) => _written.Add(logEvent);

    private IEnumerable<string> Messages() => _written.Select(entry => entry.RenderMessage());

    private void Warn(string category, string template, string value) =>
        _log.ForContext(Constants.SourceContextPropertyName, category).Warning(template, value);

    private sealed class BrokenOutput : ILogger
    {
        public void Write(LogEvent logEvent) => throw new InvalidOperationException("a defect");
    }
}
