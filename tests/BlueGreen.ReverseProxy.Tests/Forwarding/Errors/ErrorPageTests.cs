using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Errors;

/// <summary>Error pages from files: which one, what is in it, and what becomes of a file that changes.</summary>
public sealed class ErrorPageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(503, true, "maintenance")]
    [InlineData(503, false, "503")]
    [InlineData(502, false, "5xx")]
    [InlineData(404, false, "all404")]
    [InlineData(400, false, null)]
    public void Find_AnError_IsTheMostSpecificFileOfTheServiceThenOfAll(int status, bool isMaintenance, string? expected)
    {
        var ofService = Files(("maintenance", "maintenance.html"), ("503", "503.html"), ("5xx", "5xx.html"));
        var options = new BlueGreenOptions { ErrorPages = Files(("404", "all404.html"), ("502", "all502.html")), Services = Of(ofService) };
        using var pages = GatewayErrors.Pages(options);

        var found = pages.Find(ofService, new ErrorDetails(status, "detail", isMaintenance), AnswerForm.Html);

        (found is null ? null : Text(found)).Should().Be(expected is null ? null : $"{expected}.html");
        pages.Find(ofService, new ErrorDetails(status, "detail"), AnswerForm.Json).Should().BeNull("these are pages, and a client of JSON gets a problem");
    }

    [Fact]
    public void Render_WithPlaces_FillsThemOnceAndEncoded()
    {
        var path = Write("page.html", "<p>{{status}} {{ title }} {{detail}} {{other}} {{traceId}}</p> {{");

        Text(ErrorPageFile.Load(path), "<b>{{traceId}}").Should().Be("<p>503 title &lt;b&gt;{{traceId}} {{other}} trace</p> {{");
    }

    [Fact]
    public void Render_Json_StaysJson()
    {
        var path = Write("page.json", """{ "code": {{status}}, "message": "{{detail}}" }""");

        System.Text.Json.JsonDocument.Parse(Text(ErrorPageFile.Load(path), "a \"quote\" \\ \n")).RootElement.GetProperty("message").GetString().Should().Be("a \"quote\" \\ \n");
    }

    [Theory]
    [InlineData("gone.html", null, "there is no such file")]
    [InlineData("empty.html", "", "is empty")]
    [InlineData("broken.json", "{ ", "is not JSON")]
    public void Load_WhatCantBeUsed_SaysWhy(string name, string? content, string reason)
    {
        var path = content is null ? Path.Combine(_folder.Path, name) : Write(name, content);

        FluentActions.Invoking(() => ErrorPageFile.Load(path)).Should().Throw<ErrorPageException>().WithMessage($"{reason}*");
    }

    [Fact]
    public void Load_TooLargeOrNoUtf8OrAFolder_SaysWhy()
    {
        var large = Write("large.html", new string('x', ErrorPageFile.MaxBytes + 1));
        var latin = Path.Combine(_folder.Path, "latin.html");
        File.WriteAllBytes(latin, [0xE4]);
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "folder.html")).FullName;

        FluentActions.Invoking(() => ErrorPageFile.Load(large)).Should().Throw<ErrorPageException>().WithMessage($"is larger than {ErrorPageFile.MaxBytes} bytes");
        FluentActions.Invoking(() => ErrorPageFile.Load(latin)).Should().Throw<ErrorPageException>().WithMessage("is not UTF-8");
        FluentActions.Invoking(() => ErrorPageFile.Load(folder)).Should().Throw<ErrorPageException>().WithMessage("is a folder");
        Text(ErrorPageFile.Load(Write("largest.html", new string('x', ErrorPageFile.MaxBytes)))).Should().HaveLength(ErrorPageFile.MaxBytes);
    }

    [Fact]
    public void Reload_ChangedThenRemovedThenBack_KeepsTheLastGoodContent()
    {
        var files = Files(("503", "page.html"));
        using var pages = GatewayErrors.Pages(new BlueGreenOptions { ErrorPages = files });
        string Now() => Text(pages.Find(null, new ErrorDetails(503, "detail"), AnswerForm.Html)!);

        Write("page.html", "second");
        pages.Reload();
        Now().Should().Be("second");

        File.Delete(Path.Combine(_folder.Path, "page.html"));
        pages.Reload();
        Now().Should().Be("second", "a file that is missing for a moment is being replaced");

        Write("page.html", "third");
        pages.Reload();
        Now().Should().Be("third");
    }

    private static string Text(ErrorPageFile file, string detail = "detail") => Encoding.UTF8.GetString(file.Render(503, "title", detail, "trace"));

    private static FrozenDictionary<string, ServiceOptions> Of(ErrorPageOptions pages) => new Dictionary<string, ServiceOptions>(StringComparer.Ordinal)
    {
        ["orders"] = new() { Name = "orders", Blue = "b", Green = "g", ErrorPages = pages },
    }.ToFrozenDictionary();

    // Each file holds its own name.
    private ErrorPageOptions Files(params (string Key, string Name)[] files) => new()
    {
        Files = files.ToFrozenDictionary(file => file.Key, file => ImmutableArray.Create(Write(file.Name, file.Name)), StringComparer.OrdinalIgnoreCase),
    };

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, content);
        return path;
    }
}
