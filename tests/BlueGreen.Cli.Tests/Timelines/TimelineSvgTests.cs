using System.Xml.Linq;
using BlueGreen.Cli.Timelines;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Tests.Timelines;

/// <summary>The picture of a release, of whatever a gateway may say of it.</summary>
public sealed class TimelineSvgTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Picture_OfAnyNumberOfServices_HasAPanelWithStepsAndThresholdForEach(int count)
    {
        var names = Enumerable.Range(1, count).Select(number => $"service-{number}").ToArray();

        var picture = Draw(Release(names), Timeline(names));

        Texts(picture).Should().Contain(names.Select(name => $"{name}: blue to green"));
        Texts(picture).Where(text => text == "compare").Should().HaveCount(count);
        picture.Descendants(Svg + "line").Count(line => ClassOf(line) == "threshold").Should().Be(count);
        picture.Descendants(Svg + "path").Count(path => ClassOf(path) == "c0 bake" && path.Parent!.Name == Svg + "g").Should().Be(count);
        picture.Descendants(Svg + "path").Count(path => ClassOf(path) == "weight").Should().Be(count);
        HeightOf(picture).Should().BeInRange(count * 150, 500 + (count * 250));
        IsWithin(picture);
    }

    [Fact]
    public void Picture_OfNamesAndReasonsWithMarkup_IsXmlAndShowsThemAsText()
    {
        const string evil = """<script>alert("&")</script>]]>&amp;'""";
        var release = Release(evil) with { Reason = evil + "\u0007\u001b[2J", Actor = evil, Detail = $"{evil} again", Events = [new(Start, "bakeHeld", evil, 1)] };

        var svg = TimelineSvg.Of(release, Timeline(evil), Start.AddSeconds(9));

        svg.Should().NotContain("<script");
        var picture = XDocument.Parse(svg);
        Texts(picture).Should().Contain($"{evil}: blue to green").And.Contain($"held: {evil}");
        picture.Descendants().Should().NotContain(element => element.Name.LocalName == "script");
    }

    [Fact]
    public void Picture_ForReadersOfScreensAndOfTheDark_HasATitleADescriptionAndBothLooks()
    {
        var svg = TimelineSvg.Of(Release("orders"), Timeline("orders"), Start.AddSeconds(9));

        var root = XDocument.Parse(svg).Root!;
        root.Attribute("role")!.Value.Should().Be("img");
        root.Element(Svg + "title")!.Value.Should().Be("Release r1-abc123: orders blue to green, rolledBack");
        root.Element(Svg + "desc")!.Value.Should().Contain("Steps: prepare, drain, bake, compare, roll back.").And.Contain("alarm, comparison began at 03:04:10.000");
        svg.Should().Contain("prefers-color-scheme: dark").And.NotContain("href").And.NotContain("url(").And.NotContain("@import");
    }

    [Fact]
    public void Picture_OfTheEvidence_SaysHowMuchWasEnoughAndWhenItWasReached()
    {
        var picture = Draw(Release("orders"), Timeline("orders"));

        picture.Descendants(Svg + "title").Select(title => title.Value).Should().Contain("5xx, against the old slot's past: at most 403 to 1 at 03:04:10.000 UTC; 148 to 1 is enough");
        picture.Descendants(Svg + "circle").Should().ContainSingle(circle => ClassOf(circle) == "overThreshold");
        string.Join(' ', Texts(picture)).Should().Contain("The dashed line is enough: 5xx 148 to 1, latency 148 to 1.");
    }

    [Fact]
    public void Picture_OfALongReason_ShowsItsLastWords()
    {
        var reason = $"{string.Concat(Enumerable.Repeat("7 of the last 512 responses failed on green, ", 20))}with 4 on blue it would have gone on";
        var release = Release("orders") with { Detail = reason, Events = [new(Start, "bakeConfirming", $"{reason}, at once", 1)] };

        Texts(Draw(release, Timeline("orders"))).Should().Contain(text => text.EndsWith("it would have gone on", StringComparison.Ordinal))
            .And.Contain(text => text.EndsWith("at once", StringComparison.Ordinal));
    }

    [Fact]
    public void Picture_OfTheLastResponsesAlone_HasACurveAndAThresholdOfTheirOwn()
    {
        var timeline = Timeline("orders") with { Services = [new("orders", null, [new("5xx", "bake", 5, [new(Start, 0)]), new("5xx", "stretch", 12, [new(Start, 0), new(Start.AddSeconds(5), 13)])])] };

        var picture = Draw(Release("orders"), timeline);

        picture.Descendants(Svg + "path").Should().Contain(path => ClassOf(path) == "c0 stretch" && path.Parent!.Name == Svg + "g");
        Texts(picture).Should().Contain("5xx, the last responses alone");
        string.Join(' ', Texts(picture)).Should().Contain("5xx 148 to 1, 5xx of the last responses 162754 to 1.");
    }

    [Theory]
    [InlineData("notKept", "The evidence of this release over time is no longer kept.")]
    [InlineData("none", "Nothing was judged: there is no evidence to show.")]
    public void Picture_WithoutEvidence_SaysWhy(string evidence, string expected)
    {
        var timeline = Timeline("orders") with { Evidence = evidence, Services = [new("orders", null, [])] };

        Texts(Draw(Release("orders"), timeline)).Should().Contain(expected);
    }

    [Fact]
    public void Picture_WithoutEvents_SaysThatTheyAreNoLongerKept()
    {
        Texts(Draw(Release("orders") with { Events = [] }, Timeline("orders"))).Should().Contain(text => text.StartsWith("The events of this release are no longer kept", StringComparison.Ordinal));
    }

    [Fact]
    public void Picture_OfANightOfWaiting_LeavesRoomForTheRest()
    {
        var late = Start.AddHours(10);
        var timeline = Timeline("orders") with
        {
            Steps = [new("verifying", Start, Start.AddSeconds(1)), new("awaitingApproval", Start.AddSeconds(1), late), new("draining", late, late.AddSeconds(10))],
            Services = [new("orders", null, [])],
        };

        var picture = Draw(Release("orders") with { CompletedAt = late.AddSeconds(10), Events = [] }, timeline);

        var widths = picture.Descendants(Svg + "rect").Where(rect => ClassOf(rect) is "awaitingApproval" or "draining").ToDictionary(ClassOf, rect => (double)rect.Attribute("width")!);
        widths["awaitingApproval"].Should().BeInRange(90, 110);
        widths["draining"].Should().BeGreaterThan(500);
        Texts(picture).Should().Contain("not to scale");
    }

    [Fact]
    public void Picture_OfAReleaseThatBegins_IsDrawnUpToNow()
    {
        var release = Release("orders") with { CompletedAt = null, Status = ReleaseStatus.Verifying, Detail = null, Events = [] };

        IsWithin(Draw(release, Timeline("orders") with { Steps = [new("verifying", Start, null)], Weights = [new(Start, 0)], Evidence = "none", Services = [new("orders", null, [])] }, Start));
    }

    [Fact]
    public void Picture_OfManyMoments_TellsHowManyAreLeftOut()
    {
        var release = Release("orders") with { Events = [.. Enumerable.Range(0, 60).Select(index => new ReleaseEvent(Start.AddSeconds(index / 10.0), "bakeRefuted", $"number {index}", index))] };

        var texts = Texts(Draw(release, Timeline("orders")));

        texts.Should().Contain("refuted: number 0").And.Contain("refuted: number 59").And.NotContain("refuted: number 30").And.Contain("and 20 more between them: bluegreen history --release r1-abc123");
    }

    // Nothing is drawn where nobody sees it.
    private static void IsWithin(XDocument picture)
    {
        var height = HeightOf(picture);
        foreach (var element in picture.Descendants().Where(element => element.Attribute("y") is not null && element.Attribute("x") is not null))
        {
            ((double)element.Attribute("y")!).Should().BeInRange(0, height, "{0} is on the picture", element);
            ((double)element.Attribute("x")!).Should().BeInRange(0, 960, "{0} is on the picture", element);
        }
    }

    private static XDocument Draw(Release release, ReleaseTimeline timeline, DateTimeOffset? now = null) => XDocument.Parse(TimelineSvg.Of(release, timeline, now ?? Start.AddSeconds(9)));

    private static List<string> Texts(XDocument picture) => [.. picture.Descendants(Svg + "text").Select(text => text.Value)];

    private static string ClassOf(XElement element) => element.Attribute("class")?.Value ?? "";

    private static double HeightOf(XDocument picture) => (double)picture.Root!.Attribute("height")!;

    private static Release Release(params string[] services) => new(
        "r1-abc123",
        ReleaseKind.Cutover,
        [.. services.Select(name => new ReleaseService(name, SlotName.Blue, SlotName.Green, 8))],
        ReleaseStatus.RolledBack,
        "rolled back by release r2-abc123 of bake",
        "2.0.0",
        "ci",
        Force: false,
        Start,
        Start.AddSeconds(1),
        Start.AddSeconds(2),
        Start.AddSeconds(9),
        [],
        null,
        new(600, null, "rolledBack", null, null, null, []),
        [
            new(Start.AddSeconds(1), "switched", "orders: blue to green", 1),
            new(Start.AddSeconds(5), "bakeConfirming", "orders: 5 of 240 responses failed on green", 2),
            new(Start.AddSeconds(8), "bakeFailed", "orders: 5 of 240 responses failed on green; confirmed: while both slots served", 3),
            new(Start.AddSeconds(9), "rolledBack", "rolled back by release r2-abc123 of bake", 4),
        ]);

    private static ReleaseTimeline Timeline(params string[] services) => new(
        "r1-abc123",
        [
            new("verifying", Start, Start.AddSeconds(1)),
            new("draining", Start.AddSeconds(1), Start.AddSeconds(2)),
            new("baking", Start.AddSeconds(2), Start.AddSeconds(5)),
            new("confirming", Start.AddSeconds(5), Start.AddSeconds(8)),
            new("rollingBack", Start.AddSeconds(8), Start.AddSeconds(9)),
        ],
        [new(Start, 0), new(Start.AddSeconds(1), 100), new(Start.AddSeconds(5), 25), new(Start.AddSeconds(9), 0)],
        "kept",
        [
            .. services.Select(name => new TimelineService(
                name,
                null,
                [
                    new("5xx", "bake", 5, [new(Start.AddSeconds(1), 0), new(Start.AddSeconds(4), -20), new(Start.AddSeconds(5), 6)]),
                    new("5xx", "comparison", 5, [new(Start.AddSeconds(5), 0), new(Start.AddSeconds(7), 4.9)]),
                    new("latency", "bake", 5, [new(Start.AddSeconds(1), 0), new(Start.AddSeconds(8), -3)]),
                ])),
        ]);
}
