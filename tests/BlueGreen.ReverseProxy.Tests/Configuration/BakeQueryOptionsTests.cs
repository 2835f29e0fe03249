using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class BakeQueryOptionsTests
{
    private const string Server = "\"Prometheus\": { \"Url\": \"http://prometheus:9090\" }, ";

    [Fact]
    public void Queries_EveryKey_IsReadAsWritten()
    {
        var (options, errors) = Reading.OfService("""
            "Bake": {
              "OnFailure": "hold",
              "Prometheus": { "Url": "https://metrics.internal/prometheus/", "TokenFile": "/run/secrets/prometheus", "Timeout": "00:00:01", "Interval": "00:00:05" },
              "Queries": {
                "saturation": { "Query": "x", "Min": -1, "Max": 1e3, "For": "00:01:00", "OnFailure": "rollback", "NoData": "fail", "Gate": true, "GateNoData": "pass" },
                "p99": { "Url": "http://other:9090", "Token": "abc", "Query": "y{slot=\"{slot}\"}", "Compare": { "Ratio": 1.5, "Difference": 0.01 } }
              }
            }
            """);

        errors.Should().BeEmpty();
        var queries = options.Services["orders"].Bake.Queries;
        queries.Should().Equal(
            new BakeQueryOptions
            {
                Name = "p99",
                Server = new QueryServerOptions(new Uri("http://other:9090")) { Token = "abc", Timeout = TimeSpan.FromSeconds(1) },
                Query = "y{slot=\"{slot}\"}",
                Interval = TimeSpan.FromSeconds(5),
                Compare = new QueryComparison(1.5, 0.01),
                OnFailure = BakeFailureAction.Hold,
            },
            new BakeQueryOptions
            {
                Name = "saturation",
                Server = new QueryServerOptions(new Uri("https://metrics.internal/prometheus/")) { TokenFile = "/run/secrets/prometheus", Timeout = TimeSpan.FromSeconds(1) },
                Query = "x",
                Interval = TimeSpan.FromSeconds(5),
                Min = -1,
                Max = 1000,
                For = TimeSpan.FromMinutes(1),
                OnFailure = BakeFailureAction.Rollback,
                NoData = QueryNoDataAction.Fail,
                Gate = true,
                GateNoData = QueryGateNoData.Pass,
            });
    }

    [Fact]
    public void Query_WithALimitAlone_HasTheDefaults()
    {
        var (options, errors) = Reading.OfService("\"Bake\": { " + Server + "\"Queries\": { \"one\": { \"Query\": \"x\", \"Max\": 0 } } }");

        errors.Should().BeEmpty();
        var query = options.Services["orders"].Bake.Queries.Should().ContainSingle().Subject;
        (query.Server.Timeout, query.Interval, query.For, query.OnFailure, query.NoData, query.Gate, query.GateNoData)
            .Should().Be((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), null, BakeFailureAction.Rollback, QueryNoDataAction.Ignore, false, QueryGateNoData.Fail));
    }

    // A record writes its properties, and somebody may log one.
    [Fact]
    public void Token_OfAServer_IsNotInItsText()
    {
        var query = new BakeQueryOptions { Name = "one", Query = "x", Server = new QueryServerOptions(new Uri("http://prometheus:9090")) { Token = "secret-token" } };

        query.ToString().Should().Contain("http://prometheus:9090").And.NotContain("secret-token");
    }

    [Theory]
    [InlineData("{ \"Max\": 1 }", "one:Query", null, "is missing: a query in PromQL")]
    [InlineData("{ \"Query\": \"x\" }", "one:Max", null, "a query needs a limit")]
    [InlineData("{ \"Query\": \"x\", \"Max\": \"much\" }", "one:Max", "much", "a number")]
    [InlineData("{ \"Query\": \"x\", \"Max\": \"NaN\" }", "one:Max", "NaN", "a number")]
    [InlineData("{ \"Query\": \"x\", \"Max\": \"1e999\" }", "one:Max", "1e999", "a number")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Min\": 2 }", "one:Min", "2", "at most Max")]
    [InlineData("{ \"Query\": \"x{a='{slott}'}\", \"Max\": 1 }", "one:Query", "{slott}", "did you mean {slot}? Allowed: {slot}, {version}, {service}, {release}")]
    [InlineData("{ \"Query\": \"x\", \"Compare\": { \"Ratio\": 2 } }", "one:Compare", null, "it would be compared with itself")]
    [InlineData("{ \"Query\": \"x{a='{slot}'}\", \"Compare\": { \"Ratio\": 2 }, \"Max\": 1 }", "one:Compare", null, "either a limit or a comparison")]
    [InlineData("{ \"Query\": \"x{a='{slot}'}\", \"Compare\": {} }", "one:Compare", null, "neither Ratio nor Difference")]
    [InlineData("{ \"Query\": \"x{a='{slot}'}\", \"Compare\": { \"Ratio\": 0 } }", "one:Compare:Ratio", "0", "a number above 0")]
    [InlineData("{ \"Query\": \"x{a='{slot}'}\", \"Compare\": { \"Difference\": -1 } }", "one:Compare:Difference", "-1", "0 or a number above it")]
    [InlineData("{ \"Query\": \"x{a='{slot}'}\", \"Compare\": { \"Ratoi\": 2, \"Ratio\": 2 } }", "one:Compare:Ratoi", null, "did you mean Ratio?")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"For\": \"20\" }", "one:For", "20", "a duration")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"NoData\": \"rollback\" }", "one:NoData", "rollback", "ignore, hold or fail")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"OnFailure\": \"fail\" }", "one:OnFailure", "fail", "rollback or hold")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Url\": \"prometheus:9090\" }", "one:Url", "prometheus:9090", "an absolute http or https URL")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Url\": \"http://p?a=b\" }", "one:Url", "http://p?a=b", "without user, query and fragment")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Url\": \"http://me:secret@p\" }", "one:Url", null, "value not shown")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Token\": \"abc\" }", "one:Url", null, "is missing beside Token")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Url\": \"http://p\", \"Token\": \"a b\" }", "one:Token", null, "value not shown")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Url\": \"http://p\", \"Token\": \"ab\", \"TokenFile\": \"x\" }", "one:TokenFile", "x", "one of the two")]
    [InlineData("{ \"Query\": \"x\", \"Max\": 1, \"Interval\": \"00:00:01\" }", "one:Interval", null, "is not a known key")]
    public void Query_BadValue_IsOneErrorThatNamesIt(string query, string key, string? value, string allowed)
    {
        var error = Reading.OfService("\"Bake\": { " + Server + "\"Queries\": { \"one\": " + query + " } }").OnlyError();

        error.Key.Should().Be("BlueGreen:Services:orders:Bake:Queries:" + key);
        error.Value.Should().Be(value);
        error.Allowed.Should().Contain(allowed);
    }

    [Fact]
    public void Queries_WithoutAServer_SayWhereItIsMissing()
    {
        var error = Reading.OfService("\"Bake\": { \"Queries\": { \"one\": { \"Query\": \"x\", \"Max\": 1 } } }").OnlyError();

        (error.Key, error.Allowed).Should().Be((
            "BlueGreen:Services:orders:Bake:Queries:one:Url",
            "is missing, and so is Bake:Prometheus:Url: an absolute http or https URL without user, query and fragment, such as http://prometheus:9090"));
    }

    [Fact]
    public void Queries_AsAList_SayThatTheyHaveNames() =>
        Reading.OfService("\"Bake\": { " + Server + "\"Queries\": [ { \"Query\": \"x\", \"Max\": 1 } ] }").OnlyError()
            .Allowed.Should().Contain("Queries is a section of named queries, not a list");
}
