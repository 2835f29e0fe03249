using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

/// <summary>Over a real server, which judges what a header may hold, and with the proxy's own copying of the API's headers.</summary>
public sealed class SlotResponseHeadersTests
{
    private readonly Slot _slot = new(SlotName.Green, "orders-green") { DeclaredVersion = "2.0.0" };

    [Fact]
    public async Task Response_OfASlot_SaysWhichSlotAndVersion()
    {
        using var response = await GetAsync(new(), api => api.Headers.Add("X-Environment", "what the API believes"));

        response.Headers.GetValues("X-Environment").Should().Equal("green");
        response.Headers.GetValues("X-API-Version").Should().Equal("2.0.0");
    }

    [Fact]
    public async Task Response_WithAVersionOfItsOwn_KeepsIt()
    {
        using var response = await GetAsync(new(), api => api.Headers.Add("X-API-Version", "v7"));

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

    private async Task<HttpResponseMessage> GetAsync(ResponseHeaderOptions options, Action<HttpResponseMessage> api)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        var headers = new SlotResponseHeaders(new CurrentOptions(new BlueGreenOptions { ResponseHeaders = options }));
        app.Run(async context =>
        {
            var lease = new SlotLease(_slot);
            context.Features.Set(lease);
            headers.Write(context.Response, lease);
            using var answer = new HttpResponseMessage { Content = new ByteArrayContent([]) };
            api(answer);
            await new SlotTransformer(HttpTransformer.Default, headers, Services.Listeners(), TimeProvider.System).TransformResponseAsync(context, answer, CancellationToken.None);
            context.Response.ContentLength = null;
            await context.Response.WriteAsync("ok");
        });
        await app.StartAsync();
        using var client = new HttpClient();
        return await client.GetAsync(new Uri(app.Urls.Single()));
    }
}
