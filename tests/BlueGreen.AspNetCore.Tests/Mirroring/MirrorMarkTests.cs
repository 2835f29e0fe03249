using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>Which requests count as mirrored: those with the gateway's mark for this service, and no other.</summary>
public sealed class MirrorMarkTests
{
    // A value of the gateway's own tests: neither side can change the mark alone.
    private const string Golden = "3f0c5be2a1d94e6f8a7b6c5d4e3f2a1b.VradjP5gHg3aw3UyOOYjzJkzihFPNEqo-bJ8tZfFQmE";

    public static TheoryData<string, string[]> Forged { get; } = new()
    {
        { "nothing", [""] },
        { "a plain flag", ["1"] },
        { "another service", [Marks.Sign(service: "users")] },
        { "a key that is not configured", [Marks.Sign(key: "0123456789abcdef0123456789abcdeg")] },
        { "another id", [$"4{Golden[1..]}"] },
        { "another signature", [Golden.Replace(".V", ".W", StringComparison.Ordinal)] },
        { "other bits that decode to the same bytes", [$"{Golden[..^1]}F"] },
        { "a byte less", [Golden[..^1]] },
        { "a byte more", [$"{Golden}A"] },
        { "padding", [$"{Golden}="] },
        { "an upper-case id", [$"{Marks.Id.ToUpperInvariant()}{Golden[32..]}"] },
        { "no id", [Golden[32..]] },
        { "no signature", [Golden[..33]] },
        { "another separator", [Golden.Replace('.', ',')] },
        { "a line of another purpose", [Marks.Sign(service: "orders\nx")] },
        { "the mark twice", [Golden, Golden] },
        { "a mark and something else", [Golden, "1"] },
        { "two marks in one value", [$"{Golden}, {Golden}"] },
        { "what is very long", [new string('a', 20_000)] },
    };

    [Theory]
    [InlineData("orders")]
    [InlineData("Orders")]
    public async Task Request_WithTheGatewaysMark_IsMirrored(string service)
    {
        await using var api = await StartAsync(options =>
        {
            options.Service = service;
            options.Keys.Add(Marks.Key);
        });

        (await api.Client.AskAsync("/", Golden)).Should().Be("True");
        Marks.Sign().Should().Be(Golden);
    }

    [Theory]
    [MemberData(nameof(Forged))]
    public async Task Request_WithAnythingElse_IsNotMirrored(string what, string[] marks)
    {
        await using var api = await StartAsync(Marks.Configure);

        (await api.Client.AskAsync("/", marks)).Should().Be("False", what);
        (await api.Client.AskAsync("/")).Should().Be("False");
        (await api.Client.AskAsync("/", Golden)).Should().Be("True", "what somebody else has sent changes nothing");
    }

    [Fact]
    public async Task Keys_WhileTheyAreChanged_CountBoth()
    {
        await using var api = await StartAsync(options =>
        {
            Marks.Configure(options);
            options.Keys.Add(Marks.OtherKey);
        });

        (await api.Client.AskAsync("/", Marks.Sign(Marks.Key))).Should().Be("True");
        (await api.Client.AskAsync("/", Marks.Sign(Marks.OtherKey))).Should().Be("True");
        (await api.Client.AskAsync("/", Marks.Sign("0123456789abcdef0123456789abcdeg"))).Should().Be("False");
    }

    // A forged header must not switch payments off, so what nobody can verify is done.
    [Theory]
    [InlineData(false, "*no key is configured*set BlueGreen:Mirroring:Service and :Keys here*")]
    [InlineData(true, "*has not signed it for this service*compare BlueGreen:Mirroring:Service and :Keys*")]
    public async Task Request_ThatCannotBeVerified_IsNotMirroredAndLoggedOnce(bool hasKey, string warning)
    {
        using var log = new CollectedLog();
        await using var api = await StartAsync(hasKey ? Marks.Configure : null, log);

        for (var request = 0; request < 3; request++)
        {
            (await api.Client.AskAsync("/", Marks.Sign(Marks.OtherKey))).Should().Be("False");
        }

        var line = log.Lines.Should().ContainSingle(line => line.Level == LogLevel.Warning).Subject;
        line.Text.Should().Match(warning).And.NotContain(Marks.Key).And.NotContain(Marks.Id);
    }

    [Fact]
    public async Task Options_InTheConfiguration_AreBoundAndCodeAddsToThem()
    {
        var configuration = new Dictionary<string, string?> { ["BlueGreen:Mirroring:Service"] = "orders", ["BlueGreen:Mirroring:Keys:0"] = Marks.OtherKey };
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenMirroring().AddBlueGreenMirroring(options => options.Keys.Add(Marks.Key)), Map, configuration);

        (await api.Client.AskAsync("/", Golden)).Should().Be("True");
        (await api.Client.AskAsync("/", Marks.Sign(Marks.OtherKey))).Should().Be("True");
    }

    [Fact]
    public async Task Options_ThatCouldNeverRecognizeAMark_StopTheStartAndShowNoKey()
    {
        var configuration = new Dictionary<string, string?> { ["BlueGreen:Mirroring:Keys:0"] = "hush", ["BlueGreen:Mirroring:Keys:1"] = $"{Marks.Key}\n" };

        var start = async () => await ApiHost.StartPlainAsync(services => services.AddBlueGreenMirroring(), Map, configuration);

        var failures = (await start.Should().ThrowAsync<OptionsValidationException>()).Which.Failures.ToList();
        failures.Should().BeEquivalentTo(
            "BlueGreen:Mirroring:Service is not set and must be the name of the API's service in the gateway.",
            "BlueGreen:Mirroring:Keys:0 (value not shown) must have at least 32 characters, without white space around them.",
            "BlueGreen:Mirroring:Keys:1 (value not shown) must have at least 32 characters, without white space around them.");
    }

    [Fact]
    public async Task Options_WithAnUnknownKey_StopTheStart()
    {
        var start = async () => await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenMirroring(), Map, new() { ["BlueGreen:Mirroring:Key"] = Marks.Key });

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage("*Key*");
    }

    private static Task<ApiHost> StartAsync(Action<BlueGreenMirroringOptions>? configure, CollectedLog? log = null) => ApiHost.StartPlainAsync(
        services =>
        {
            services.AddBlueGreenMirroring(configure);
            if (log is not null)
            {
                services.AddLogging(logging => logging.AddProvider(log));
            }
        },
        Map);

    private static void Map(WebApplication app) => app.MapGet("/", (IMirroredRequest request) => request.IsMirrored.ToString());
}
