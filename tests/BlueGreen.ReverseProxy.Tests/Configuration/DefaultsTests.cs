using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class DefaultsTests
{
    [Fact]
    public void Section_Missing_IsTheDefaults()
    {
        var (options, errors) = Reading.Of("{}");

        errors.Should().BeEmpty();
        options.Admin.Urls.Should().Equal("http://127.0.0.1:9090");
        options.Admin.Tokens.Should().BeEmpty();
        options.State.Directory.Should().Be("state");
        options.ResponseHeaders.Should().Be(new ResponseHeaderOptions { Environment = true, Version = true });
        options.Destinations.Should().Be(new DestinationOptions
        {
            Resolve = true,
            RefreshPeriod = TimeSpan.FromSeconds(30),
            PreferredFamily = System.Net.Sockets.AddressFamily.InterNetwork,
            ConnectionLifetime = TimeSpan.FromMinutes(2),
        });
        options.Services.Should().BeEmpty();
    }

    [Fact]
    public void Service_WithItsClustersAlone_HasTheDefaultsOfTheContract()
    {
        var (options, errors) = Reading.Of("""{ "Services": { "orders": { "Blue": "b", "Green": "g" } } }""");

        errors.Should().BeEmpty();
        var service = options.Services["ORDERS"];
        service.Name.Should().Be("orders");
        service.ClusterOf(SlotName.Blue).Should().Be("b");
        service.ClusterOf(SlotName.Green).Should().Be("g");
        service.InitialActive.Should().Be(SlotName.Blue);
        service.DrainTimeout.Should().Be(TimeSpan.FromMinutes(5));
        service.Bake.Duration.Should().Be(TimeSpan.FromMinutes(15));
        service.DecommissionAfter.Should().Be(TimeSpan.FromHours(24));
        service.Health.Path.Should().Be("/health");
        service.Health.Interval.Should().Be(TimeSpan.FromSeconds(10));
        service.Health.Timeout.Should().Be(TimeSpan.FromSeconds(5));
        service.Health.VerifyInterval.Should().Be(TimeSpan.FromSeconds(1));
        service.Health.HealthyThreshold.Should().Be(3);
        service.Health.UnhealthyThreshold.Should().Be(2);
        service.Health.ExpectStatus.ToString().Should().Be("200");
        service.Health.RequireReport.Should().BeTrue();
        service.Health.AllowDegraded.Should().BeFalse();
        service.Health.RequiredChecks.Should().BeEmpty();
    }

    [Fact]
    public void Section_OfTheContract_IsReadAsWritten()
    {
        var (options, errors) = Reading.Of("""
            {
              "Admin": { "Urls": "http://0.0.0.0:9090; http://[::1]:9091", "Tokens": [ { "Name": "ci", "Sha256": "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "Role": "Operator" } ] },
              "State": { "Directory": "elsewhere" },
              "ResponseHeaders": { "Environment": false, "Version": false },
              "Services": {
                "orders": {
                  "Blue": "orders-blue", "Green": "orders-green", "InitialActive": "GREEN",
                  "Health": { "Path": "/deep?full=1", "Interval": "00:00:20", "Timeout": "00:00:02.5", "HealthyThreshold": 4, "UnhealthyThreshold": 1,
                              "VerifyInterval": "00:00:00.5", "ExpectStatus": "200-204", "RequireReport": false, "AllowDegraded": true, "RequiredChecks": [ "database", "cache" ] },
                  "Drain": { "Timeout": "00:01:00" },
                  "Bake": { "Duration": "00:00:00" },
                  "Decommission": { "After": "2.00:00:00" }
                }
              }
            }
            """);

        errors.Should().BeEmpty();
        options.Admin.Urls.Should().Equal("http://0.0.0.0:9090", "http://[::1]:9091");
        var token = options.Admin.Tokens.Should().ContainSingle().Subject;
        token.Name.Should().Be("ci");
        token.Role.Should().Be(AdminRole.Operator);
        token.Sha256.Should().HaveCount(32).And.StartWith([0xE3, 0xB0]);
        options.State.Directory.Should().Be("elsewhere");
        options.ResponseHeaders.Should().Be(new ResponseHeaderOptions { Environment = false, Version = false });
        var service = options.Services["orders"];
        service.InitialActive.Should().Be(SlotName.Green);
        service.DrainTimeout.Should().Be(TimeSpan.FromMinutes(1));
        service.Bake.Duration.Should().Be(TimeSpan.Zero);
        service.DecommissionAfter.Should().Be(TimeSpan.FromDays(2));
        service.Health.Path.Should().Be("/deep?full=1");
        service.Health.Interval.Should().Be(TimeSpan.FromSeconds(20));
        service.Health.Timeout.Should().Be(TimeSpan.FromSeconds(2.5));
        service.Health.VerifyInterval.Should().Be(TimeSpan.FromSeconds(0.5));
        service.Health.HealthyThreshold.Should().Be(4);
        service.Health.UnhealthyThreshold.Should().Be(1);
        service.Health.ExpectStatus.Contains(204).Should().BeTrue();
        service.Health.RequireReport.Should().BeFalse();
        service.Health.AllowDegraded.Should().BeTrue();
        service.Health.RequiredChecks.Should().Equal("database", "cache");
    }
}
