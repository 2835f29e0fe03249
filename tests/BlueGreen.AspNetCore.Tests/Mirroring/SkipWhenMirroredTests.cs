using System.Net;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>Endpoints that answer mirrored requests at once: minimal APIs, groups and controllers.</summary>
public sealed class SkipWhenMirroredTests
{
    // The path, and the status of a mirrored request; any other gets 200.
    public static TheoryData<string, HttpStatusCode> Endpoints { get; } = new()
    {
        { "/plain", HttpStatusCode.OK },
        { "/skipped", HttpStatusCode.NoContent },
        { "/accepted", HttpStatusCode.Accepted },
        { "/attribute", HttpStatusCode.Conflict },
        { "/group/one", HttpStatusCode.NoContent },
        { "/controller/run", HttpStatusCode.OK },
        { "/controller/skip", HttpStatusCode.Accepted },
        { "/skipped-controller/skip", HttpStatusCode.NoContent },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_OfAMirroredRequest_AnswersAtOnceWhereItIsSkipped(string path, HttpStatusCode expected)
    {
        await using var api = await StartAsync();

        using var mirrored = await api.Client.SendAsync(path, Marks.Sign());
        using var plain = await api.Client.SendAsync(path);
        using var forged = await api.Client.SendAsync(path, Marks.Sign(Marks.OtherKey));

        (mirrored.StatusCode, await mirrored.Content.ReadAsStringAsync()).Should().Be((expected, expected == HttpStatusCode.OK ? "ran" : ""));
        (plain.StatusCode, await plain.Content.ReadAsStringAsync()).Should().Be((HttpStatusCode.OK, "ran"));
        (forged.StatusCode, await forged.Content.ReadAsStringAsync()).Should().Be((HttpStatusCode.OK, "ran"));
    }

    [Fact]
    public async Task Endpoint_ThatIsSkipped_IsAuthorizedAndRoutedAsAnyOther()
    {
        await using var api = await StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = api.Client.BaseAddress };

        using var locked = await client.SendAsync("/locked", Marks.Sign());
        using var missing = await client.SendAsync("/skipped/missing", Marks.Sign());
        using var method = await PostAsync(client, "/skipped");

        locked.StatusCode.Should().Be(HttpStatusCode.Redirect, "nobody has signed in");
        missing.StatusCode.Should().Be(HttpStatusCode.NotFound);
        method.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData(199)]
    [InlineData(600)]
    public async Task StatusCode_ThatCannotBeAnswered_IsRefused(int statusCode)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        FluentActions.Invoking(() => app.MapGet("/", () => "").SkipWhenMirrored(statusCode)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add(Marks.Header, Marks.Sign());
        return await client.SendAsync(request);
    }

    private static Task<ApiHost> StartAsync() => ApiHost.StartPlainAsync(
        services =>
        {
            services.AddBlueGreenMirroring(Marks.Configure).AddAuthorization().AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
            services.AddControllers().AddApplicationPart(typeof(SkipWhenMirroredTests).Assembly);
        },
        app =>
        {
            app.MapControllers();
            app.MapGet("/plain", Run);
            app.MapGet("/skipped", Run).SkipWhenMirrored();
            app.MapGet("/accepted", Run).SkipWhenMirrored(StatusCodes.Status202Accepted);
            app.MapGet("/attribute", [SkipWhenMirrored(StatusCode = 409)] () => "ran");
            app.MapGet("/locked", Run).SkipWhenMirrored().RequireAuthorization();
            app.MapGroup("/group").SkipWhenMirrored().MapGet("/one", Run);
        });

    private static string Run() => "ran";
}

#pragma warning disable CA1822 // Actions are no static methods.
[ApiController]
[Route("/controller")]
public sealed class RunningController : ControllerBase
{
    [HttpGet("run")]
    public string Run() => "ran";

    [HttpGet("skip")]
    [SkipWhenMirrored(StatusCode = 202)]
    public string Skip() => "ran";
}

[ApiController]
[Route("/skipped-controller")]
[SkipWhenMirrored]
public sealed class SkippedController : ControllerBase
{
    [HttpGet("skip")]
    public string Skip() => "ran";
}
