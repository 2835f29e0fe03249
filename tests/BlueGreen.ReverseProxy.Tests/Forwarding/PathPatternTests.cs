using BlueGreen.ReverseProxy.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

/// <summary>A pattern takes the paths that the router's own matching takes.</summary>
public sealed class PathPatternTests
{
    private static readonly string[] Templates =
    [
        "/{**rest}", "{**rest}", "/a/{**rest}", "/a/{*rest}", "/a", "/a/b", "/a/{id}", "/a/{id?}", "/a/{id=1}", "/{x}/{**rest}", "/a-{x}", "/{x}.{y}", "/{x}.{y?}", "/a/{x}-{y}/{**rest}", "/", "/A/B",
    ];

    private static readonly string[] Paths =
    [
        "/", "//", "///", "/a", "/A", "/a/", "/a//", "//a", "/a/b", "/a/b/", "/a/b/c", "/a//b", "/ab", "/a-", "/a-b", "/a-b/", "/a.b", "/a.", "/.b", "/a/x-y", "/a/x-y/z", "/a/-/z", "/a%2Fb", "/a\\b", "/b",
    ];

    public static TheoryData<string> AllTemplates() => new(Templates);

    [Theory]
    [MemberData(nameof(AllTemplates))]
    public async Task Matches_AnyPath_AgreesWithTheRouter(string template)
    {
        var pattern = new PathPattern(template);
        foreach (var path in Paths)
        {
            pattern.Matches(path).Should().Be(await IsRoutedAsync(template, path), $"{path} on {template}");
        }
    }

    [Theory]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a/..%2Fb", "/b")]
    [InlineData("/a\\b", "/a/b")]
    [InlineData("/a;x/b", "/a/b")]
    [InlineData("//a", "/a")]
    [InlineData("/a/..;/b", "/b")]
    [InlineData("/a%5C..%5Cb", "/b")]
    public void Readings_OfAPath_HaveWhatSomeServerMakesOfIt(string path, string reading)
    {
        PathReadings.Of(path).Should().Contain(reading).And.NotContain(path);
    }

    [Fact]
    public void Readings_OfAPlainPath_AreNone()
    {
        PathReadings.Of("/a/b.c/d").Should().BeEmpty();
    }

    private static async Task<bool> IsRoutedAsync(string template, string path)
    {
        await using var services = new ServiceCollection().AddLogging().AddRouting().AddSingleton<System.Diagnostics.DiagnosticListener>(_ => new("test")).BuildServiceProvider();
        var app = new ApplicationBuilder(services);
        var found = false;
        app.UseRouting();
        app.Use((HttpContext context, RequestDelegate _) =>
        {
            found = context.GetEndpoint() is not null;
            return Task.CompletedTask;
        });
        app.UseEndpoints(endpoints => endpoints.Map(template, _ => Task.CompletedTask));
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = "GET";
        context.Request.Path = path;
        await app.Build()(context);
        return found;
    }
}
