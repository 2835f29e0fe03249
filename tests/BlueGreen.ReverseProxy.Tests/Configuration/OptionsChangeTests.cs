using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>What a changed section comes to: what is applied, what is named, what stays the same object.</summary>
public sealed class OptionsChangeTests
{
    private static readonly (string Key, string Value)[] Orders =
    [
        ("Services:orders:Blue", "orders-blue"),
        ("Services:orders:Green", "orders-green"),
    ];

    [Fact]
    public void Between_TheSameSection_ChangesNothing()
    {
        var change = Change(Read(Orders), Read(Orders), out _);

        change.IsLive.Should().BeFalse();
        change.NeedRestart.Should().BeEmpty();
        change.Describe().Should().BeEmpty();
    }

    [Fact]
    public void Describe_ServicesAndHooks_AreNamedWithTheirKeysAndWithoutValues()
    {
        var before = Read(
            [.. Orders, ("Services:items:Blue", "a"), ("Services:items:Green", "b"), ("Hooks:ci:Url", "https://a.example"), ("Hooks:ci:Events:0", "succeeded"), ("Hooks:ci:Secret", "an old secret of some length")]);
        var after = Read(
            [
                .. Orders,
                ("Services:orders:Health:Interval", "00:00:01"),
                ("Services:orders:WarmUp:Paths:0", "/a"),
                ("Services:orders:WarmUp:Paths:1", "/b"),
                ("Services:users:Blue", "c"),
                ("Services:users:Green", "d"),
                ("Hooks:ci:Url", "https://a.example"),
                ("Hooks:ci:Events:0", "succeeded"),
                ("Hooks:ci:Secret", "a new secret of some length"),
                ("ResponseHeaders:Version", "false"),
                ("Listen:MaxConnections", "7"),
            ]);

        Change(before, after, out _).Describe().Should().Equal(
            "services added: users",
            "services removed: items",
            "services changed: orders (Health:Interval, WarmUp:Paths)",
            "hooks changed: ci (Secret)",
            "options changed: Listen:MaxConnections, ResponseHeaders:Version");
    }

    [Theory]
    [InlineData("Admin:Urls", "http://127.0.0.1:9", "http://127.0.0.1:8", "BlueGreen:Admin:Urls needs a restart; it stays \"http://127.0.0.1:9\".")]
    [InlineData("State:Directory", "a", "b", "BlueGreen:State:Directory needs a restart; it stays \"a\".")]
    [InlineData("Listen:ReusePort", null, "true", "BlueGreen:Listen:ReusePort needs a restart; it stays at its default.")]
    [InlineData("Forwarding:TrustedProxies:0", "10.0.0.0/8", "10.1.0.0/16", "BlueGreen:Forwarding:TrustedProxies needs a restart; it stays as it was.")]
    [InlineData("Destinations:RefreshPeriod", "00:01:00", null, "BlueGreen:Destinations:RefreshPeriod needs a restart; it stays \"00:01:00\".")]
    [InlineData("Policies:Timeouts:short", null, "00:00:05", "BlueGreen:Policies:Timeouts:short needs a restart; it stays at its default.")]
    [InlineData("Admin:Certificate:Password", "one", "other", "BlueGreen:Admin:Certificate:Password needs a restart; it stays as it was.")]
    public void NeedRestart_OfWhatIsReadAtTheStart_NamesItAndWhatStays(string key, string? before, string? after, string expected)
    {
        var change = OptionsChange.Between(Keys(key, before), Keys(key, after));

        change.NeedRestart.Should().Equal(expected);
        change.IsLive.Should().BeFalse();
        change.AppliedKeys([]).GetValueOrDefault(key).Should().Be(before, "the next look has to find it again");
    }

    // AdminAccess follows them; it says what has changed.
    [Theory]
    [InlineData("Admin:Tokens:0:Name")]
    [InlineData("Admin:ClientCertificates:0:Thumbprint")]
    public void Between_OtherCallers_IsNoChangeHere(string key)
    {
        var change = OptionsChange.Between(Keys(key, "a"), Keys(key, "b"));

        change.IsLive.Should().BeFalse();
        change.NeedRestart.Should().BeEmpty();
    }

    [Fact]
    public void Apply_OptionsOfBothKinds_TakesTheLiveOnesAndKeepsTheOthers()
    {
        var before = Read([.. Orders, ("Shutdown:Timeout", "00:00:10"), ("State:Directory", "a")]);
        var after = Read(
            [.. Orders, ("Shutdown:Timeout", "00:00:20"), ("State:Directory", "b"), ("Listen:ReusePort", "true"), ("Listen:MaxConnections", "9"), ("Admin:Urls", "http://127.0.0.1:1")]);

        var options = Change(before, after, out var applied);

        options.IsLive.Should().BeTrue();
        applied.Shutdown.Timeout.Should().Be(TimeSpan.FromSeconds(20));
        applied.Listen.Should().Be(new ListenerOptions { MaxConnections = 9 });
        applied.State.Should().BeSameAs(before.Options.State);
        applied.Admin.Should().BeSameAs(before.Options.Admin);
    }

    // Probers, loops of hooks and monitors follow by reference: an option that is not touched must not look like another one.
    [Fact]
    public void Apply_WhatHasNotChanged_StaysTheSameObject()
    {
        (string, string)[] hook = [("Hooks:ci:Url", "https://a.example"), ("Hooks:ci:Events:0", "succeeded")];
        var before = Read([.. Orders, ("Services:users:Blue", "c"), ("Services:users:Green", "d"), .. hook]);
        var after = Read([.. Orders, ("Services:orders:Drain:Timeout", "00:01:00"), ("Services:users:Blue", "c"), ("Services:users:Green", "d"), .. hook]);

        Change(before, after, out var applied);

        applied.Services["users"].Should().BeSameAs(before.Options.Services["users"]);
        applied.Services["orders"].DrainTimeout.Should().Be(TimeSpan.FromMinutes(1));
        applied.Services["orders"].Health.Should().BeSameAs(before.Options.Services["orders"].Health);
        applied.Services["orders"].Bake.Should().BeSameAs(before.Options.Services["orders"].Bake);
        applied.Hooks.Single().Should().BeSameAs(before.Options.Hooks.Single());
    }

    [Fact]
    public void HoldFailures_OfAServiceInARelease_KeepsThemUntilTheNextLook()
    {
        var before = Read(Orders);
        var after = Read([.. Orders, ("Services:orders:Bake:FailOn:0", "4xx"), ("Services:orders:Bake:Duration", "00:01:00")]);
        var change = Change(before, after, out var applied);

        change.OtherFailures.Should().Equal("orders");
        var held = OptionsChange.HoldFailures(applied, before.Options, ["orders"]).Services["orders"].Bake;
        held.FailOn.Should().Equal(before.Options.Services["orders"].Bake.FailOn);
        held.Duration.Should().Be(TimeSpan.FromMinutes(1));
        var next = OptionsChange.Between(change.AppliedKeys(["orders"]), after.Keys);
        next.Describe().Should().Equal("services changed: orders (Bake:FailOn)");
    }

    private static OptionsChange Change(BlueGreenSettings before, BlueGreenSettings after, out BlueGreenOptions applied)
    {
        var change = OptionsChange.Between(before.Keys, after.Keys);
        applied = change.Apply(before.Options, after.Options);
        return change;
    }

    private static BlueGreenSettings Read(params (string Key, string Value)[] entries)
    {
        var settings = BlueGreenSettings.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(entries.Select(entry => KeyValuePair.Create($"BlueGreen:{entry.Key}", (string?)entry.Value)))
            .Build());
        settings.Errors.Should().BeEmpty();
        return settings;
    }

    private static ImmutableSortedDictionary<string, string?> Keys(string key, string? value) =>
        ImmutableSortedDictionary.Create<string, string?>(StringComparer.OrdinalIgnoreCase).AddRange(value is null ? [] : [KeyValuePair.Create(key, (string?)value)]);
}
