using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Tests;

public sealed class OptionsTests
{
    [Fact]
    public async Task Options_InTheConfiguration_AreBound()
    {
        var configuration = new Dictionary<string, string?>
        {
            ["BlueGreen:Api:Version"] = "3.1.4",
            ["BlueGreen:Api:SendEnvironmentHeader"] = "true",
            ["BlueGreen:Api:Path"] = "/deep",
            ["BlueGreen:Api:Timeout"] = "00:00:00.1",
            ["BlueGreen:Api:SendVersionHeader"] = "false",
            ["BlueGreen:Api:ResultStatusCodes:Unhealthy"] = "500",
            ["BlueGreen:Api:Schema:Min"] = "7",
            ["BlueGreen:Api:Schema:Max"] = "9",
        };
        var never = new TaskCompletionSource<long>();
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenApi(options => options.Schema.ReadCurrent = (_, _) => new ValueTask<long>(never.Task)),
            app =>
            {
                app.UseBlueGreenHeaders();
                app.MapBlueGreenHealth();
            },
            configuration);

        using var response = await api.Client.GetAsync("/deep");
        var report = await api.ReportAsync("/deep");

        response.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        response.Headers.Contains("X-API-Version").Should().BeFalse();
        response.Headers.Contains("X-Environment").Should().BeTrue();
        report.GetProperty("version").GetString().Should().Be("3.1.4");
        report.GetProperty("schema").GetRawText().Should().Be("""{"min":7,"max":9}""");
        report.GetProperty("checks").GetProperty("schema").GetProperty("description").GetString().Should().Be("No answer within 0.1 s.");
    }

    [Fact]
    public async Task Version_NotSet_IsTheEntryAssemblysWithoutMetadata()
    {
        // The test host is the entry assembly; this one's version, set in its project file, has metadata.
        var host = Assembly.GetEntryAssembly();
        Assembly.SetEntryAssembly(typeof(OptionsTests).Assembly);
        try
        {
            await using var api = await ApiHost.StartPlainAsync(services => services.AddBlueGreenApi());

            var version = (await api.ReportAsync()).GetProperty("version").GetString();

            version.Should().Be("1.2.3-test");
        }
        finally
        {
            Assembly.SetEntryAssembly(host);
        }
    }

    [Fact]
    public async Task AddBlueGreenApi_CalledTwice_KeepsBothAndRegistersOnce()
    {
        var configuration = new Dictionary<string, string?> { ["BlueGreen:Api:Version"] = "from the configuration" };
        await using var api = await ApiHost.StartPlainAsync(
            services => services
                .AddBlueGreenApi(options => options.Version = "from code")
                .AddBlueGreenApi(options =>
                {
                    options.Schema.Min = 1;
                    options.Schema.Max = 1;
                    options.Schema.ReadCurrent = (_, _) => ValueTask.FromResult(1L);
                }),
            configuration: configuration);

        var report = await api.ReportAsync();

        report.GetProperty("version").GetString().Should().Be("from code");
        report.GetProperty("status").GetString().Should().Be("healthy");
    }

    [Fact]
    public async Task Options_NotAllowed_AreRefusedAtStartAllAtOnce()
    {
        var start = () => ApiHost.StartAsync(options: options =>
        {
            options.Version = "2.0\r\nSet-Cookie: a=b";
            options.Environment = " ";
            options.Path = "health";
            options.Timeout = TimeSpan.Zero;
            options.ResultStatusCodes[HealthStatus.Degraded] = 204;
            options.ResultStatusCodes.Remove(HealthStatus.Unhealthy);
            options.Schema.Min = 3;
        });

        var refused = await start.Should().ThrowAsync<OptionsValidationException>();

        refused.Which.Failures.Should().SatisfyRespectively(
            failure => failure.Should().StartWith("BlueGreen:Api:Version is '2.0"),
            failure => failure.Should().StartWith("BlueGreen:Api:Environment is ' ' and must be 1 to 128 printable ASCII"),
            failure => failure.Should().Be("BlueGreen:Api:Path is 'health' and must start with '/'."),
            failure => failure.Should().StartWith("BlueGreen:Api:Schema:Max is not set and must be set where"),
            failure => failure.Should().StartWith("BlueGreen:Api:Schema:ReadCurrent is not set and must be set where"),
            failure => failure.Should().StartWith("BlueGreen:Api:ResultStatusCodes:Unhealthy is "),
            failure => failure.Should().StartWith("BlueGreen:Api:ResultStatusCodes:Degraded is '204'"),
            failure => failure.Should().StartWith("BlueGreen:Api:Timeout is '00:00:00' and must be more than zero and at most 00:05:00"));
    }

    [Fact]
    public async Task Options_NotAllowedAndNothingMapped_AreRefusedAtStart()
    {
        var start = () => ApiHost.StartAsync(options: options => options.Timeout = TimeSpan.FromMinutes(6), pipeline: _ => { });

        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage("*Timeout is '00:06:00'*");
    }

    [Theory]
    [InlineData("/health/{", "BlueGreen:Api:Path is '/health/{' and must be a route pattern: *")]
    [InlineData("", "BlueGreen:Api:Path is '' and must start with '/'.")]
    public async Task Path_NotAllowed_IsRefusedAtStart(string path, string message)
    {
        var start = () => ApiHost.StartAsync(options: options => options.Path = path);

        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage(message);
    }

    [Fact]
    public async Task Schema_MinAboveMax_IsRefusedAtStart()
    {
        var start = () => ApiHost.StartAsync(options: options =>
        {
            options.Schema.Min = 3;
            options.Schema.Max = 2;
            options.Schema.ReadCurrent = (_, _) => ValueTask.FromResult(2L);
        });

        await start.Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("BlueGreen:Api:Schema:Min is '3' and must not be more than Schema:Max, which is 2.");
    }

    [Theory]
    [InlineData("BlueGreen:Api:Shema:Min", "1", "*'Shema'*")]
    [InlineData("BlueGreen:Api:Timeout", "soon", "*'BlueGreen:Api:Timeout'*")]
    public async Task Configuration_KeyOrValueUnknown_IsRefusedAtStart(string key, string value, string message)
    {
        var start = () => ApiHost.StartPlainAsync(
            services => services.AddBlueGreenApi(),
            configuration: new Dictionary<string, string?> { [key] = value });

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage(message);
    }

    [Fact]
    public async Task AddBlueGreenApi_Forgotten_IsSaidAtStart()
    {
        var map = () => ApiHost.StartPlainAsync(_ => { }, app => app.MapBlueGreenHealth());
        var use = () => ApiHost.StartPlainAsync(_ => { }, app => app.UseBlueGreenHeaders());

        await map.Should().ThrowAsync<InvalidOperationException>().WithMessage("Call services.AddBlueGreenApi()*");
        await use.Should().ThrowAsync<InvalidOperationException>().WithMessage("Call services.AddBlueGreenApi()*");
    }
}
