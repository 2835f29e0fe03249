using BlueGreen.ReverseProxy.Forwarding.Errors;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Errors;

public sealed class AnswerFormTests
{
    private const string Html = nameof(AnswerForm.Html);
    private const string Json = nameof(AnswerForm.Json);

    // The first lines are what today's clients send.
    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7", Html)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Html)]
    [InlineData("text/html, */*; q=0.01", Html)]
    [InlineData("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", Json)]
    [InlineData("application/json, text/plain, */*", Json)]
    [InlineData("application/json, text/javascript, */*; q=0.01", Json)]
    [InlineData("*/*", Json)]
    [InlineData("", Json)]
    [InlineData(null, Json)]
    [InlineData("application/json", Json)]
    [InlineData("application/problem+json", Json)]
    [InlineData("text/event-stream", Json)]
    [InlineData("text/html", Html)]
    [InlineData("TEXT/HTML", Html)]
    [InlineData("text/html;charset=utf-8", Html)]
    [InlineData("text/*", Html)]
    [InlineData("text/html, application/json", Json)]
    [InlineData("text/html;q=0.9, application/json;q=0.8", Html)]
    [InlineData("text/html;q=0.8, application/json;q=0.9", Json)]
    [InlineData("text/html;q=0.8, application/problem+json;q=0.9", Json)]
    [InlineData("text/html;q=0.5, */*;q=0.6", Json)]
    [InlineData("text/html;q=0, */*", Json)]
    [InlineData("text/*;q=0.1, text/html", Html)]
    [InlineData("text/html;q=0.1, text/*", Html)]
    [InlineData("application/*, text/html;q=0.9", Json)]
    [InlineData("application/json;q=0, */*", Json)]
    [InlineData("application/*;q=0, */*", Html)]
    [InlineData("text/html;q=high", Html)]
    [InlineData(";;;,,text/html", Html)]
    [InlineData("not a media type", Json)]
    public void Of_AnAccept_IsAPageOnlyWhereHtmlIsPreferred(string? accept, string form) =>
        AnswerForms.Of(accept is null ? StringValues.Empty : new StringValues(accept)).ToString().Should().Be(form);

    [Fact]
    public void Of_SeveralLines_ReadsAllOfThem() =>
        AnswerForms.Of(new StringValues(["application/json;q=0.5", "text/html"])).Should().Be(AnswerForm.Html);

    // Every order of the same ranges means the same.
    [Fact]
    public void Of_AnyOrderOfRanges_IsTheSame()
    {
        var random = new Random(20);
        string[] types = ["text/html", "application/json", "application/problem+json", "text/*", "application/*", "*/*", "image/png"];
        for (var round = 0; round < 2000; round++)
        {
            var ranges = types.Where(_ => random.Next(2) == 0).Select(type => $"{type};q={random.Next(11) / 10.0:0.0}").ToArray();
            var expected = Expected(ranges);

            random.Shuffle(ranges);

            AnswerForms.Of(new StringValues(string.Join(", ", ranges))).Should().Be(expected, "of {0}", string.Join(", ", ranges));
        }
    }

    // RFC 9110, 12.5.1, written down once more: the quality of the first range of the list that is there.
    private static AnswerForm Expected(string[] ranges)
    {
        var html = Quality("text/html", "text/*", "*/*");
        var json = Math.Max(Quality("application/json", "application/*", "*/*"), Quality("application/problem+json", "application/*", "*/*"));
        return html > json ? AnswerForm.Html : AnswerForm.Json;

        double Quality(params string[] names) => names
            .Select(name => Array.Find(ranges, range => range.StartsWith($"{name};", StringComparison.Ordinal)))
            .Where(range => range is not null)
            .Select(range => double.Parse(range!.Split("q=")[1], System.Globalization.CultureInfo.InvariantCulture))
            .FirstOrDefault();
    }
}
