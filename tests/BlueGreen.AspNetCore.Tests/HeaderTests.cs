using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.AspNetCore.Tests;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("/ok", HttpStatusCode.OK)]
    [InlineData("/missing", HttpStatusCode.NotFound)]
    [InlineData("/fails", HttpStatusCode.InternalServerError)]
    [InlineData("/health", HttpStatusCode.OK)]
    public async Task Headers_AnyResponse_NameVersionAndSlot(string path, HttpStatusCode expected)
    {
        await using var api = await ApiHost.StartAsync(pipeline: Pipeline);

        using var response = await api.Client.GetAsync(path);

        response.StatusCode.Should().Be(expected);
        response.Headers.GetValues("X-API-Version").Should().Equal("2.0.0");
        response.Headers.GetValues("X-Environment").Should().Equal("green");
    }

    [Fact]
    public async Task Headers_ExceptionHandlerOutside_AreThereAfterItHasClearedTheResponse()
    {
        await using var api = await ApiHost.StartAsync(pipeline: app =>
        {
            UseExceptionHandler(app);
            app.UseBlueGreenHeaders();
            MapPaths(app);
        });

        using var response = await api.Client.GetAsync("/fails");

        response.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        response.Headers.GetValues("X-API-Version").Should().Equal("2.0.0");
        response.Headers.GetValues("X-Environment").Should().Equal("green");
    }

    [Fact]
    public async Task Headers_SetByTheApplication_AreNotOverwritten()
    {
        await using var api = await ApiHost.StartAsync(pipeline: Pipeline);

        using var early = await api.Client.GetAsync("/own");
        using var late = await api.Client.GetAsync("/own-on-starting");

        early.Headers.GetValues("X-API-Version").Should().Equal("own");
        early.Headers.GetValues("X-Environment").Should().Equal("green");
        late.Headers.GetValues("X-Environment").Should().Equal("own");
        late.Headers.GetValues("X-API-Version").Should().Equal("2.0.0");
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Headers_SwitchedOff_AreLeftOut(bool version, bool environment)
    {
        await using var api = await ApiHost.StartAsync(
            options: options =>
            {
                options.SendVersionHeader = version;
                options.SendEnvironmentHeader = environment;
            },
            pipeline: Pipeline);

        using var response = await api.Client.GetAsync("/ok");

        response.Headers.Contains("X-API-Version").Should().Be(version);
        response.Headers.Contains("X-Environment").Should().Be(environment);
    }

    private static void Pipeline(WebApplication app)
    {
        app.UseBlueGreenHeaders();
        UseExceptionHandler(app);
        MapPaths(app);
        app.MapBlueGreenHealth();
    }

    private static void UseExceptionHandler(WebApplication app) =>
        app.UseExceptionHandler(error => error.Run(context => context.Response.WriteAsync("error")));

    private static void MapPaths(WebApplication app)
    {
        app.MapGet("/ok", () => "ok");
        app.MapGet("/fails", (HttpContext context) =>
        {
            context.Response.Headers["X-API-Version"] = "cleared by the exception handler";
            throw new InvalidOperationException("fails");
        });
        app.MapGet("/own", (HttpContext context) =>
        {
            context.Response.Headers["X-API-Version"] = "own";
            return "ok";
        });
        app.MapGet("/own-on-starting", (HttpContext context) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["X-Environment"] = "own";
                return Task.CompletedTask;
            });
            return "ok";
        });
    }
}
