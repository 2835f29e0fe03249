using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class BakeOptionsTests
{
    [Fact]
    public void Bake_EveryKey_IsReadAsWritten()
    {
        var (options, errors) = Reading.OfService("""
            "Bake": {
              "Duration": "01:00:00", "OnFailure": "hold", "NoData": "extend", "Alpha": 0.001, "FailOn": [ "401", "420-429", "5XX" ],
              "RelativeMargin": 0.5, "AbsoluteMargin": 0.001, "UnmeasuredRate": 0.1, "BaselineWindow": "00:10:00", "MinClients": 3,
              "MaxErrorRate": 0.02, "MaxP99": "00:00:00.250", "HangAfter": "00:00:05",
              "Latency": { "Enabled": true, "Quantile": 0.95, "Margin": 1, "Floor": "00:00:00.005", "Grace": "00:01:00" },
              "Record": { "Directory": "recordings", "MaxMegabytes": 64 }
            }
            """);

        errors.Should().BeEmpty();
        var bake = options.Services["orders"].Bake;
        bake.Duration.Should().Be(TimeSpan.FromHours(1));
        bake.OnFailure.Should().Be(BakeFailureAction.Hold);
        bake.NoData.Should().Be(NoDataAction.Extend);
        bake.Alpha.Should().Be(0.001);
        bake.FailOn.Select(metric => $"{metric.Name} {metric.Codes}").Should().Equal("5xx 500-599", "401 401", "420-429 420-429");
        bake.RelativeMargin.Should().Be(0.5);
        bake.AbsoluteMargin.Should().Be(0.001);
        bake.UnmeasuredRate.Should().Be(0.1);
        bake.BaselineWindow.Should().Be(TimeSpan.FromMinutes(10));
        bake.MinClients.Should().Be(3);
        bake.MaxErrorRate.Should().Be(0.02);
        bake.MaxP99.Should().Be(TimeSpan.FromMilliseconds(250));
        bake.HangAfter.Should().Be(TimeSpan.FromSeconds(5));
        bake.Latency.Should().BeEquivalentTo(new BakeLatencyOptions { Quantiles = [0.95], Margin = 1, Floor = TimeSpan.FromMilliseconds(5), Grace = TimeSpan.FromMinutes(1) });
        bake.Record.Should().Be(new BakeRecordOptions("recordings", 64));
    }

    [Theory]
    [InlineData("route", StratifyKind.Route, null)]
    [InlineData("METHOD", StratifyKind.Method, null)]
    [InlineData("path", StratifyKind.Path, null)]
    [InlineData("none", StratifyKind.None, null)]
    [InlineData("header: X-Tenant", StratifyKind.Header, "X-Tenant")]
    public void StratifyBy_OfEachKind_IsRead(string text, StratifyKind kind, string? header)
    {
        var (options, errors) = Reading.OfService($$"""
            "Bake": { "StratifyBy": "{{text}}", "Latency": { "Quantiles": [ 0.99, 0.5 ] } }
            """);

        errors.Should().BeEmpty();
        options.Services["orders"].Bake.StratifyBy.Should().Be(new StratifyBy(kind, header));
        options.Services["orders"].Bake.Latency.Quantiles.Should().Equal(0.5, 0.99);
    }

    [Fact]
    public void Bake_Missing_IsTheDefaults()
    {
        var bake = Reading.OfService("\"InitialActive\": \"blue\"").Options.Services["orders"].Bake;

        bake.Should().Be(new BakeOptions { FailOn = bake.FailOn, Latency = bake.Latency });
        bake.Latency.Quantiles.Should().Equal(0.5, 0.99, 0.999);
        bake.StratifyBy.Should().Be(StratifyBy.Route);
        bake.FailOn.Should().Equal(FailureMetric.Errors);
        (bake.Alpha, bake.RelativeMargin, bake.AbsoluteMargin, bake.MinClients, bake.MaxErrorRate, bake.MaxP99, bake.HangAfter, bake.Record)
            .Should().Be((0.01, 0.1, 0.0001, 2, null, null, null, null));
    }

    [Theory]
    [InlineData("\"OnFailure\": \"panic\"", "OnFailure", "panic", "rollback or hold")]
    [InlineData("\"OnFailure\": \"1\"", "OnFailure", "1", "rollback or hold")]
    [InlineData("\"NoData\": \"fail\"", "NoData", "fail", "succeed, extend or rollback")]
    [InlineData("\"Alpha\": 0", "Alpha", "0", "a number from 0.000001 to 0.5")]
    [InlineData("\"Alpha\": \"NaN\"", "Alpha", "NaN", "a number from")]
    [InlineData("\"FailOn\": [ \"6xx\" ]", "FailOn", "6xx", "a class (\"5xx\")")]
    [InlineData("\"FailOn\": [ \"50x\" ]", "FailOn", "50x", "a class (\"5xx\")")]
    [InlineData("\"FailOn\": \"5xx\"", "FailOn", "5xx", "a list")]
    [InlineData("\"FailOn\": [ \"401\", \"402\", \"403\", \"404\", \"405\", \"406\", \"407\", \"408\" ]", "FailOn", "9", "at most 8 entries")]
    [InlineData("\"RelativeMargin\": -1", "RelativeMargin", "-1", "a number from 0 to 10")]
    [InlineData("\"AbsoluteMargin\": 0", "AbsoluteMargin", "0", "a number from 0.000001 to 0.5")]
    [InlineData("\"UnmeasuredRate\": 0.9", "UnmeasuredRate", "0.9", "a number from 0.0001 to 0.5")]
    [InlineData("\"BaselineWindow\": \"00:00:01\"", "BaselineWindow", "00:00:01", "from \"00:00:10\"")]
    [InlineData("\"MinClients\": 0", "MinClients", "0", "a whole number from 1 to 100")]
    [InlineData("\"MaxErrorRate\": 2", "MaxErrorRate", "2", "a number from 0 to 1")]
    [InlineData("\"MaxErrorRate\": \"5 %\"", "MaxErrorRate", "5 %", "a number from 0 to 1")]
    [InlineData("\"MaxP99\": \"250ms\"", "MaxP99", "250ms", "a duration")]
    [InlineData("\"HangAfter\": \"00:00:00\"", "HangAfter", "00:00:00", "from \"00:00:00.100")]
    [InlineData("\"Latency\": { \"Quantile\": 1 }", "Latency:Quantile", "1", "a number from 0.5 to 0.9999")]
    [InlineData("\"Latency\": { \"Quantiles\": [ 0.9, 1 ] }", "Latency:Quantiles", "1", "a number from 0.5 to 0.9999")]
    [InlineData("\"Latency\": { \"Quantiles\": [ 0.5, 0.6, 0.7, 0.8, 0.9 ] }", "Latency:Quantiles", "5", "at most 4 entries")]
    [InlineData("\"Latency\": { \"Quantiles\": [ 0.5 ], \"Quantile\": 0.9 }", "Latency:Quantile", null, "beside Quantiles")]
    [InlineData("\"StratifyBy\": \"colour\"", "StratifyBy", "colour", "route, method, path, header:NAME or none")]
    [InlineData("\"StratifyBy\": \"header:a b\"", "StratifyBy", "header:a b", "route, method, path, header:NAME or none")]
    [InlineData("\"StratifyBy\": \"header:Authorization\"", "StratifyBy", "header:Authorization", "secret")]
    [InlineData("\"StratifyBy\": \"header:X-Api-Key\"", "StratifyBy", "header:X-Api-Key", "secret")]
    [InlineData("\"StratifyBy\": \"header\"", "StratifyBy", "header", "route, method, path, header:NAME or none")]
    [InlineData("\"Latency\": { \"Grace\": \"30\" }", "Latency:Grace", "30", "a duration")]
    [InlineData("\"Latency\": { \"Margin\": -0.1 }", "Latency:Margin", "-0.1", "a number from 0 to 100")]
    [InlineData("\"Latency\": { \"Quantil\": 0.9 }", "Latency:Quantil", null, "is not a known key")]
    [InlineData("\"Record\": { \"MaxMegabytes\": 10 }", "Record:Directory", null, "is missing")]
    [InlineData("\"Record\": { \"Directory\": \"x\", \"MaxMegabytes\": 1 }", "Record:MaxMegabytes", "1", "a whole number from 2")]
    [InlineData("\"Window\": 1", "Window", null, "is not a known key")]
    public void Bake_BadValue_IsOneErrorThatNamesIt(string member, string key, string? value, string allowed)
    {
        var error = Reading.OfService($$"""
            "Bake": { {{member}} }
            """).OnlyError();

        error.Key.Should().Be("BlueGreen:Services:orders:Bake:" + key);
        error.Value.Should().Be(value);
        error.Allowed.Should().Contain(allowed);
    }
}
