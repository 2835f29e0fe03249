namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>Every bad value is one error that names the key, shows the value and says what is allowed; the default stands in.</summary>
public sealed class BadValueTests
{
    private const string Service = "BlueGreen:Services:orders:";

    [Theory]
    [InlineData("\"InitialActive\": \"red\"", "InitialActive", "red", "blue or green")]
    [InlineData("\"Health\": { \"Path\": \"health\" }", "Health:Path", "health", "begins with one slash")]
    [InlineData("\"Health\": { \"Path\": \"//other/health\" }", "Health:Path", "//other/health", "begins with one slash")]
    [InlineData("\"Health\": { \"Interval\": \"10\" }", "Health:Interval", "10", "\"hh:mm:ss\"")]
    [InlineData("\"Health\": { \"Interval\": 10 }", "Health:Interval", "10", "\"hh:mm:ss\"")]
    [InlineData("\"Health\": { \"Interval\": \"soon\" }", "Health:Interval", "soon", "a duration")]
    [InlineData("\"Health\": { \"Interval\": \"00:00:00\" }", "Health:Interval", "00:00:00", "from \"00:00:00.0100000\" to \"1.00:00:00\"")]
    [InlineData("\"Health\": { \"Interval\": \"1.00:00:01\" }", "Health:Interval", "1.00:00:01", "to \"1.00:00:00\"")]
    [InlineData("\"Health\": { \"Timeout\": \"-00:00:01\" }", "Health:Timeout", "-00:00:01", "a duration")]
    [InlineData("\"Health\": { \"Timeout\": \"00:05:01\" }", "Health:Timeout", "00:05:01", "to \"00:05:00\"")]
    [InlineData("\"Health\": { \"VerifyInterval\": \"1 s\" }", "Health:VerifyInterval", "1 s", "a duration")]
    [InlineData("\"Health\": { \"HealthyThreshold\": 0 }", "Health:HealthyThreshold", "0", "a whole number from 1 to 100")]
    [InlineData("\"Health\": { \"HealthyThreshold\": 1.5 }", "Health:HealthyThreshold", "1.5", "a whole number from 1 to 100")]
    [InlineData("\"Health\": { \"UnhealthyThreshold\": 101 }", "Health:UnhealthyThreshold", "101", "a whole number from 1 to 100")]
    [InlineData("\"Health\": { \"UnhealthyThreshold\": \"many\" }", "Health:UnhealthyThreshold", "many", "a whole number from 1 to 100")]
    [InlineData("\"Health\": { \"ExpectStatus\": \"2xx\" }", "Health:ExpectStatus", "2xx", "status codes and ranges")]
    [InlineData("\"Health\": { \"RequireReport\": \"yes\" }", "Health:RequireReport", "yes", "true or false")]
    [InlineData("\"Health\": { \"AllowDegraded\": 1 }", "Health:AllowDegraded", "1", "true or false")]
    [InlineData("\"Health\": { \"RequiredChecks\": \"database\" }", "Health:RequiredChecks", "database", "a list")]
    [InlineData("\"Drain\": { \"Timeout\": \"300\" }", "Drain:Timeout", "300", "a duration")]
    [InlineData("\"Drain\": { \"LongLived\": { \"Grace\": \"60\" } }", "Drain:LongLived:Grace", "60", "a duration")]
    [InlineData("\"Drain\": { \"LongLived\": { \"Spread\": \"2.00:00:00\" } }", "Drain:LongLived:Spread", "2.00:00:00", "to \"1.00:00:00\"")]
    [InlineData("\"Drain\": { \"LongLived\": { \"CloseCode\": 1000 } }", "Drain:LongLived:CloseCode", "1000", "1012 (service restart) or 1001 (going away)")]
    [InlineData("\"Drain\": { \"LongLived\": { \"StreamAfter\": \"00:00:00\" } }", "Drain:LongLived:StreamAfter", "00:00:00", "a duration")]
    [InlineData("\"Bake\": { \"Duration\": \"5\" }", "Bake:Duration", "5", "a duration")]
    [InlineData("\"Decommission\": { \"After\": 10 }", "Decommission:After", "10", "a duration")]
    [InlineData("\"Bake\": { \"Duration\": \"8.00:00:00\" }", "Bake:Duration", "8.00:00:00", "to \"7.00:00:00\"")]
    [InlineData("\"Decommission\": { \"After\": \"366.00:00:00\" }", "Decommission:After", "366.00:00:00", "to \"365.00:00:00\"")]
    public void Value_OfAService_NotAllowed_IsOneErrorWithKeyValueAndWhatIsAllowed(string members, string key, string value, string allowed)
    {
        var error = Reading.OfService(members).OnlyError();

        error.Key.Should().Be(Service + key);
        error.Value.Should().Be(value);
        error.Allowed.Should().StartWith("is not allowed: ").And.Contain(allowed);
        error.ToString().Should().Be($"{error.Key}: \"{value}\" {error.Allowed}");
    }

    [Theory]
    [InlineData("\"State\": { \"Directory\": \"a\\u0000b\" }", "State:Directory", "the path of a folder")]
    [InlineData("\"State\": { \"LockTimeout\": \"30\" }", "State:LockTimeout", "a duration")]
    [InlineData("\"Listen\": { \"ReusePort\": \"perhaps\" }", "Listen:ReusePort", "true or false")]
    [InlineData("\"Listen\": { \"MaxConnections\": -1 }", "Listen:MaxConnections", "a whole number from 0 to 1000000")]
    [InlineData("\"Listen\": { \"MaxConnectionsPerAddress\": \"all\" }", "Listen:MaxConnectionsPerAddress", "a whole number from 0 to 1000000")]
    [InlineData("\"Forwarding\": { \"TrustedProxies\": [ \"10.0.0.0/33\" ] }", "Forwarding:TrustedProxies", "networks or addresses, such as")]
    [InlineData("\"Forwarding\": { \"TrustedProxies\": [ \"10\" ] }", "Forwarding:TrustedProxies", "networks or addresses, such as")]
    [InlineData("\"Forwarding\": { \"TrustedProxies\": [ \"proxy.example.com\" ] }", "Forwarding:TrustedProxies", "networks or addresses, such as")]
    [InlineData("\"Forwarding\": { \"TrustedProxies\": \"10.0.0.0/8\" }", "Forwarding:TrustedProxies", "a list")]
    [InlineData("\"Forwarding\": { \"MaxHops\": 0 }", "Forwarding:MaxHops", "a whole number from 1 to 100")]
    [InlineData("\"Destinations\": { \"AllowedNetworks\": [ \"fe80::/129\" ] }", "Destinations:AllowedNetworks", "networks or addresses, such as")]
    [InlineData("\"Destinations\": { \"Resolve\": \"maybe\" }", "Destinations:Resolve", "true or false")]
    [InlineData("\"Destinations\": { \"RefreshPeriod\": \"00:00:00\" }", "Destinations:RefreshPeriod", "from \"00:00:00.1000000\"")]
    [InlineData("\"Destinations\": { \"PreferredFamily\": \"IPv5\" }", "Destinations:PreferredFamily", "IPv4 or IPv6")]
    [InlineData("\"Destinations\": { \"ConnectionLifetime\": \"00:00:00\" }", "Destinations:ConnectionLifetime", "from \"00:00:01\"")]
    [InlineData("\"Shutdown\": { \"Delay\": \"5 s\" }", "Shutdown:Delay", "a duration")]
    [InlineData("\"Shutdown\": { \"Timeout\": \"-00:00:01\" }", "Shutdown:Timeout", "a duration")]
    [InlineData("\"Shutdown\": { \"IdleConnections\": 5 }", "Shutdown:IdleConnections", "a duration")]
    [InlineData("\"ResponseHeaders\": { \"Version\": \"no\" }", "ResponseHeaders:Version", "true or false")]
    [InlineData("\"ResponseHeaders\": { \"Environment\": \"off\" }", "ResponseHeaders:Environment", "true or false")]
    [InlineData("\"Admin\": { \"Urls\": \"9090\" }", "Admin:Urls", "http://ADDRESS:PORT")]
    [InlineData("\"Admin\": { \"Urls\": \"ftp://127.0.0.1:9090\" }", "Admin:Urls", "http://ADDRESS:PORT")]
    [InlineData("\"Admin\": { \"Urls\": \"http://127.0.0.1:9090/admin\" }", "Admin:Urls", "http://ADDRESS:PORT")]
    [InlineData("\"Admin\": { \"Urls\": \" ; \" }", "Admin:Urls", "http://ADDRESS:PORT")]
    public void Value_OfTheGateway_NotAllowed_IsOneErrorWithKeyAndWhatIsAllowed(string members, string key, string allowed)
    {
        var error = Reading.Of($$"""{ {{members}} }""").OnlyError();

        error.Key.Should().Be("BlueGreen:" + key);
        error.Allowed.Should().StartWith("is not allowed: ").And.Contain(allowed);
    }

    [Theory]
    [InlineData("\"Green\": \"g\"", "Blue")]
    [InlineData("\"Blue\": \"b\", \"Green\": \" \"", "Green")]
    public void Cluster_Missing_IsAnErrorThatSaysWhatIsExpected(string members, string key)
    {
        var error = Reading.Of($$"""{ "Services": { "orders": { {{members}} } } }""").OnlyError();

        error.Key.Should().Be(Service + key);
        error.ToString().Should().Be($"{Service}{key}: is missing: the id of a cluster in ReverseProxy:Clusters");
    }

    [Theory]
    [InlineData("\"Bleu\": \"b\"", "BlueGreen:Bleu", "Admin, Destinations, ErrorPages, Forwarding, Hooks, Listen, Mirroring, Policies, ResponseHeaders, Services, Shutdown, State")]
    [InlineData("\"Admin\": { \"Url\": \"http://127.0.0.1:1\" }", "BlueGreen:Admin:Url", "Certificate, ClientCertificates, Hosts, SocketMode, Tokens, Urls", "Urls")]
    [InlineData("\"State\": { \"Folder\": \"x\" }", "BlueGreen:State:Folder", "Directory, JournalAge, JournalBytes, LockTimeout, Retention")]
    [InlineData("\"ResponseHeaders\": { \"Env\": false }", "BlueGreen:ResponseHeaders:Env", "Environment, Version", "Environment")]
    public void Key_OfTheGateway_Unknown_IsAnErrorThatNamesTheKnownOnes(string members, string key, string known, string? meant = null)
    {
        var error = Reading.Of($$"""{ {{members}} }""").OnlyError();

        error.Should().Be(new BlueGreen.ReverseProxy.Configuration.ConfigurationError(
            key, null, meant is null ? $"is not a known key: {known}" : $"is not a known key: did you mean {meant}? Known keys: {known}"));
    }

    [Theory]
    [InlineData("\"InitalActive\": \"green\"", "InitalActive", "InitialActive")]
    [InlineData("\"Health\": { \"Intervall\": \"00:00:10\" }", "Health:Intervall", "Interval")]
    [InlineData("\"Drain\": { \"Deadline\": \"00:00:10\" }", "Drain:Deadline", "Timeout")]
    [InlineData("\"Bake\": { \"Time\": \"00:00:10\" }", "Bake:Time", "Duration")]
    [InlineData("\"Decommission\": { \"Afterwards\": { \"x\": 1 } }", "Decommission:Afterwards", "After")]
    public void Key_OfAService_Unknown_IsAnErrorThatNamesTheKnownOnes(string members, string key, string known)
    {
        var error = Reading.OfService(members).OnlyError();

        error.Key.Should().Be(Service + key);
        error.Value.Should().BeNull("a key that nobody knows may hold anything, a secret too");
        error.Allowed.Should().StartWith("is not a known key: ").And.Contain(known);
    }

    [Theory]
    [InlineData("or ders")]
    [InlineData("bestellungen-für-alle")]
    [InlineData("a/b")]
    public void ServiceName_WithOtherCharacters_IsAnError(string name)
    {
        var error = Reading.Of($$"""{ "Services": { "{{name}}": { "Blue": "b", "Green": "g" } } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Services:" + name);
        error.Allowed.Should().Contain("1 to 64 of A-Z a-z 0-9 - _ .");
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(65, 1)]
    public void ServiceName_Length_IsBounded(int length, int errors)
    {
        Reading.Of($$"""{ "Services": { "{{new string('a', length)}}": { "Blue": "b", "Green": "g" } } }""").Errors.Should().HaveCount(errors);
    }

    [Fact]
    public void Value_ThatIsASection_IsAnError()
    {
        var error = Reading.OfService("\"Drain\": { \"Timeout\": { \"Seconds\": 5 } }").OnlyError();

        error.ToString().Should().Be(Service + "Drain:Timeout: holds a section, but a single value is expected");
    }

    // A path typed one level too high must not leave the service with the default path and nobody the wiser.
    [Theory]
    [InlineData("\"Health\": \"/deep\"", "Health")]
    [InlineData("\"Drain\": \"00:01:00\"", "Drain")]
    public void Section_ThatIsAValue_IsAnError(string members, string key)
    {
        Reading.OfService(members).OnlyError().Key.Should().Be(Service + key);
    }

    [Theory]
    [InlineData("\"Admin\": { \"Tokens\": \"secret\" }", "BlueGreen:Admin:Tokens")]
    [InlineData("\"Admin\": \"http://127.0.0.1:1\"", "BlueGreen:Admin")]
    [InlineData("\"Services\": \"orders\"", "BlueGreen:Services")]
    public void Section_OfTheGateway_ThatIsAValue_IsAnError(string members, string key)
    {
        Reading.Of($$"""{ {{members}} }""").OnlyError().Key.Should().Be(key);
    }

    // TimeSpan.Parse takes hours above 23 for days, as it takes a bare number: "48:00:00" would be 48 days.
    [Theory]
    [InlineData("48:00:00")]
    [InlineData("24:00:00")]
    public void Duration_OfADayOrMoreInHours_IsNotTakenForDays(string duration)
    {
        var (options, errors) = Reading.OfService($$"""  "Decommission": { "After": "{{duration}}" }""");

        if (errors.Count == 0)
        {
            options.Services["orders"].DecommissionAfter.Should().BeLessThan(TimeSpan.FromDays(3));
        }
    }

    [Fact]
    public void Element_OfAList_ThatIsEmpty_IsAnError()
    {
        var error = Reading.OfService("\"Health\": { \"RequiredChecks\": [ \"database\", \"\" ] }").OnlyError();

        error.Key.Should().Be(Service + "Health:RequiredChecks:1");
    }

    [Theory]
    [InlineData("orders-blue", "orders-blue", "BlueGreen:Services:orders:Green")]
    [InlineData("orders-blue", "ORDERS-BLUE", "BlueGreen:Services:orders:Green")]
    public void Cluster_ForBothSlots_IsAnError(string blue, string green, string key)
    {
        var error = Reading.Of($$"""{ "Services": { "orders": { "Blue": "{{blue}}", "Green": "{{green}}" } } }""").OnlyError();

        error.Key.Should().Be(key);
        error.Value.Should().Be(green);
        error.Allowed.Should().Contain("orders:Blue already");
    }

    [Fact]
    public void Cluster_OfTwoServices_IsAnErrorOfTheSecond()
    {
        var error = Reading.Of("""
            { "Services": { "a": { "Blue": "one", "Green": "two" }, "b": { "Blue": "three", "Green": "one" } } }
            """).OnlyError();

        error.Key.Should().Be("BlueGreen:Services:b:Green");
        error.Value.Should().Be("one");
        error.Allowed.Should().Contain("a:Blue already");
    }

    [Fact]
    public void Errors_Several_AreAllFoundInOnePass()
    {
        var (_, errors) = Reading.Of("""
            {
              "Admin": { "Urls": "nowhere", "Tokens": [ { "Name": "ci" } ] },
              "State": { "Folder": "x" },
              "Services": {
                "orders": { "Blue": "b", "Health": { "Interval": "10", "Path": "x" }, "Drain": { "Timeout": "-1" } },
                "users": { "Blue": "b", "Green": "g2", "InitialActive": "x" }
              }
            }
            """);

        errors.Select(error => error.Key).Should().BeEquivalentTo(
            "BlueGreen:Admin:Urls",
            "BlueGreen:Admin:Tokens:0:Sha256",
            "BlueGreen:Admin:Tokens:0:Role",
            "BlueGreen:State:Folder",
            "BlueGreen:Services:orders:Green",
            "BlueGreen:Services:orders:Health:Interval",
            "BlueGreen:Services:orders:Health:Path",
            "BlueGreen:Services:orders:Drain:Timeout",
            "BlueGreen:Services:users:Blue",
            "BlueGreen:Services:users:InitialActive");
    }

    [Fact]
    public void Value_WithLineBreaks_IsShownInOneLine()
    {
        var error = Reading.OfService("\"Health\": { \"Path\": \"x\\ny\" }").OnlyError();

        error.ToString().Should().NotContain("\n").And.Contain("\"x y\"");
    }

    [Fact]
    public void BadValue_IsReplacedByTheDefault()
    {
        var (options, _) = Reading.OfService("\"Health\": { \"HealthyThreshold\": 0 }, \"Bake\": { \"Duration\": \"x\" }");

        options.Services["orders"].Health.HealthyThreshold.Should().Be(3);
        options.Services["orders"].Bake.Duration.Should().Be(TimeSpan.FromMinutes(15));
    }
}
