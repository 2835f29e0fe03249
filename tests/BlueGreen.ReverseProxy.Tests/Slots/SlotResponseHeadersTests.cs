using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>Over a real server: it is the server that calls back when a response starts, and that judges what a header may hold.</summary>
public sealed class SlotResponseHeadersTests
{
    private readonly Slot _slot = new(SlotName.Green, "orders-green") { DeclaredVersion = "2.0.0" };

    [Fact]
    public async Task Response_OfASlot_SaysWhichSlotAndVersion()
    {
        using var response = await GetAsync(new(), context => context.Response.Headers["X-Environment"] = "what the API believes");

        response.Headers.GetValues("X-Environment").Should().Equal("green");
        response.Headers.GetValues("X-API-Version").Should().Equal("2.0.0");
    }

    [Fact]
    public async Task Response_WithAVersionOfItsOwn_KeepsIt()
    {
        using var response = await GetAsync(new(), context => context.Response.Headers["X-API-Version"] = "v7");

        response.Headers.GetValues("X-API-Version").Should().Equal("v7");
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Header_SwitchedOff_IsNotAdded(bool environment, bool version)
    {
        using var response = await GetAsync(new() { Environment = environment, Version = version }, _ => { });

        response.Headers.Contains("X-Environment").Should().Be(environment);
        response.Headers.Contains("X-API-Version").Should().Be(version);
    }

    // A version comes from an API's report or from whoever deploys. Whatever it holds, it must not cost a single request.
    [Theory]
    [InlineData("2.0.0–rc1")]
    [InlineData("2.0.0-ü")]
    public async Task Version_ThatNoHeaderCanHold_DoesNotFailTheRequest(string version)
    {
        _slot.ReportedVersion = version;

        using var response = await GetAsync(new(), _ => { });

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Headers.GetValues("X-Environment").Should().Equal("green");
    }

    private async Task<HttpResponseMessage> GetAsync(ResponseHeaderOptions options, Action<HttpContext> api)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        var headers = new SlotResponseHeaders(new BlueGreenOptions { ResponseHeaders = options });
        app.Run(async context =>
        {
            headers.Attach(new SlotLease(_slot, context.Response));
            api(context);
            await context.Response.WriteAsync("ok");
        });
        await app.StartAsync();
        using var client = new HttpClient();
        return await client.GetAsync(new Uri(app.Urls.Single()));
    }
}
