using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

/// <summary>What becomes of both headers when the proxy adds those of the API to what is there.</summary>
public sealed class SettledHeadersTests : IDisposable
{
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue") { DeclaredVersion = "1.0.0" };
    private readonly DefaultHttpContext _context = new();
    private readonly SlotResponseHeaders _headers = new(new CurrentOptions(new BlueGreenOptions()));
    private readonly SlotLease _lease;

    public SettledHeadersTests()
    {
        _slot.InFlight.Increment();
        _lease = new SlotLease(_slot);
        _headers.Write(_context.Response, _lease);
    }

    public void Dispose() => _lease.Dispose();

    private IHeaderDictionary Sent => _context.Response.Headers;

    [Fact]
    public void Settle_ApiSendsNeither_LeavesTheGatewaysOwn()
    {
        _headers.Settle(_context.Response, _lease);

        (Sent["X-Environment"], Sent["X-API-Version"]).Should().Be((new StringValues("blue"), new StringValues("1.0.0")));
    }

    [Theory]
    [InlineData("green")]
    [InlineData("blue")]
    public void Settle_ApiSendsItsEnvironment_ReplacesIt(string api)
    {
        Add("X-Environment", new string(api));

        _headers.Settle(_context.Response, _lease);

        Sent["X-Environment"].Should().Equal("blue");
    }

    [Theory]
    [InlineData("2.0.0")]
    [InlineData("1.0.0")]
    [InlineData("")]
    public void Settle_ApiSendsItsVersion_LeavesThatAlone(string api)
    {
        Add("X-API-Version", new string(api));

        _headers.Settle(_context.Response, _lease);

        Sent["X-API-Version"].Should().Equal(api);
    }

    [Fact]
    public void Settle_ApiSendsTwoVersions_LeavesBoth()
    {
        Add("X-API-Version", "2.0.0");
        Add("X-API-Version", "2.0.1");

        _headers.Settle(_context.Response, _lease);

        Sent["X-API-Version"].Should().Equal("2.0.0", "2.0.1");
    }

    // A probe may report another version at any moment.
    [Fact]
    public void Settle_VersionOfTheSlotHasChanged_StillKnowsItsOwn()
    {
        _slot.ReportedVersion = "1.0.1";
        Add("X-API-Version", "2.0.0");

        _headers.Settle(_context.Response, _lease);

        Sent["X-API-Version"].Should().Equal("2.0.0");
    }

    [Fact]
    public void Settle_TransformHasSetOrRemovedThem_IsTheGatewaysEnvironmentAndTheTransformsVersion()
    {
        Sent["X-Environment"] = "staging";
        Sent["X-API-Version"] = "of the route";

        _headers.Settle(_context.Response, _lease);

        (Sent["X-Environment"], Sent["X-API-Version"]).Should().Be((new StringValues("blue"), new StringValues("of the route")));
        Sent.Remove("X-Environment");
        Sent.Remove("X-API-Version");
        _headers.Settle(_context.Response, _lease);
        (Sent["X-Environment"], Sent["X-API-Version"]).Should().Be((new StringValues("blue"), new StringValues("1.0.0")));
    }

    [Fact]
    public void Write_WhatIsThereAlready_StaysAsVersion()
    {
        Sent["X-API-Version"] = "2.0.0";

        _headers.Write(_context.Response, _lease);

        Sent["X-API-Version"].Should().Equal("2.0.0");
    }

    // As the proxy does.
    private void Add(string name, string value) => Sent[name] = StringValues.Concat(Sent[name], value);
}
