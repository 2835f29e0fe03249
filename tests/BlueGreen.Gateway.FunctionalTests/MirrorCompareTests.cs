using System.IO.Compression;
using System.Text;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What a mirror says of two versions that differ, and of what is random in both.</summary>
public sealed class MirrorCompareTests
{
    private const int Requests = 40;

    private static readonly object EverythingTwice = new { compare = new { headers = new[] { "content-type", "x-currency" }, sets = new[] { "$.tags" }, noisePercent = 100 } };

    // What a standby does differently, and the place by which that is named.
    public static TheoryData<string, string> Seeded { get; } = new()
    {
        { """{"id":1,"total":9.9,"name":"a","at":AT,"tags":TAGS}""", "$.total" },
        { """{"id":1,"total":"9.99","name":"a","at":AT,"tags":TAGS}""", "$.total" },
        { """{"id":1,"total":9.99,"at":AT,"tags":TAGS}""", "$.name" },
        { """{"id":1,"total":9.99,"name":null,"at":AT,"tags":TAGS}""", "$.name" },
        { """{"id":1,"total":9.99,"name":"a","at":AT,"tags":TAGS,"debug":true}""", "$.debug" },
        { """{"id":1,"total":9.99,"name":"a","at":AT,"tags":[]}""", "$.tags" },
        { """{"id":1,"total":9.99,"name":"A","at":AT,"tags":TAGS}""", "$.name" },
        { "STATUS", "status" },
        { "TYPE", "header:content-type" },
        { "HEADER", "header:x-currency" },
        { "BREAK", "status" },
    };

    [Theory]
    [MemberData(nameof(Seeded))]
    public async Task Difference_OfTheStandby_IsNamedByItsPlaceAndNoiseIsNot(string standby, string place)
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, """{"id":1,"total":9.99,"name":"a","at":AT,"tags":TAGS}""");
        fleet.Green.Trouble = context => AnswerAsync(context, standby);

        var report = await SendAsync(fleet);

        report.Differences.Where(difference => difference.Verdict == "different").Select(difference => difference.Path).Should().Equal(place);
        report.Differences.Where(difference => difference.Verdict == "suspected").Should().BeEmpty();
        var found = report.Differences[0];
        (found.Route, found.Differ, found.OnlyActive, found.NoiseDiffer).Should().Be(("orders", Requests, 0, 0));
        report.Routes.Should().Equal(new MirroredRoute("orders", Requests, Requests));
    }

    [Fact]
    public async Task Answers_OfTheSameVersion_HaveNoDifferenceButNoise()
    {
        await using var fleet = await Fleet.HostAsync();
        foreach (var api in new[] { fleet.Blue, fleet.Green })
        {
            api.Trouble = context => AnswerAsync(context, """{"id":1,"at":AT,"requestId":"AT","items":[AT,AT],"tags":TAGS}""");
        }

        var report = await SendAsync(fleet);

        report.Differences.Should().OnlyContain(difference => difference.Verdict == "noise")
            .And.OnlyContain(difference => difference.Path == "$.at" || difference.Path == "$.requestId" || difference.Path == "$.items[*]");
        (report.SameStatus, report.BodiesNotCompared).Should().Be((Requests, 0));
    }

    // One route in a hundred requests, and what only one of the slots compresses.
    [Theory]
    [InlineData("gzip", "br")]
    [InlineData("br", "")]
    public async Task CompressedAnswers_AreComparedDecodedAndClientsGetThemAsTheyWere(string active, string standby)
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => CompressAsync(context, """{"total":1,"same":2}""", active);
        fleet.Green.Trouble = context => CompressAsync(context, """{"total":2,"same":2}""", standby);

        var report = await SendAsync(fleet, answer: body => Decode(body, active).Should().Be("""{"total":1,"same":2}"""));

        report.Differences.Select(difference => difference.Path).Should().Equal("$.total");
        (report.Differences[0].Active, report.Differences[0].Standby).Should().Be(("1", "2"));
    }

    [Fact]
    public async Task Samples_ShowNoSecret()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, """{"password":"hush1","user":{"api_key":"hush2"},"note":"eyJhush3"}""");
        fleet.Green.Trouble = context => AnswerAsync(context, """{"password":"hush4","user":{"api_key":"hush5"},"note":"eyJhush6"}""");

        var report = await SendAsync(fleet);

        report.Differences.Should().HaveCount(3).And.OnlyContain(difference => difference.Active == "(redacted)" && difference.Standby == "(redacted)");
        (await fleet.Admin.SendAsync(HttpMethod.Get, MirrorClient.Path)).Body.Should().NotContain("hush");
    }

    // A second copy of a request that changes something would change it a third time.
    [Fact]
    public async Task Post_IsSentToTheStandbyOnceAndToTheActiveSlotNeverTwice()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { methods = new[] { "POST" }, compare = new { noisePercent = 100 } });

        for (var request = 0; request < 10; request++)
        {
            (await client.AskAsync(HttpMethod.Post, "/orders/echo", new StringContent("x"))).Body.Should().StartWith("1.0.0");
        }

        await fleet.UntilMirrorAsync(report => report is { Answered: 10, Open: 0 });
        (fleet.Blue.Requests, fleet.Green.Requests).Should().Be((10, 10));
    }

    [Fact]
    public async Task Answers_ToHeadWithoutContentAndTooLarge_AreComparedAsFarAsTheyGo()
    {
        await using var fleet = await Fleet.HostAsync();
        foreach (var (api, filling) in new[] { (fleet.Blue, 'a'), (fleet.Green, 'b') })
        {
            api.Trouble = async context =>
            {
                context.Response.StatusCode = context.Request.Path.Value!.EndsWith("none", StringComparison.Ordinal) ? 204 : 200;
                if (context.Request.Path.Value.EndsWith("large", StringComparison.Ordinal))
                {
                    await context.Response.WriteAsync(new string(filling, 100_000));
                }

                return true;
            };
        }

        using var client = fleet.Client();
        await fleet.MirrorAsync(EverythingTwice);
        (await client.AskAsync(HttpMethod.Head, "/orders/x", null)).Body.Should().BeEmpty();
        (await client.AskAsync("/orders/none")).Body.Should().BeEmpty();
        (await client.AskAsync("/orders/large")).Body.Should().Be(new string('a', 100_000));

        var report = await fleet.UntilMirrorAsync(report => report is { Answered: 3, Open: 0 });
        (report.Differences.Count, report.BodiesNotCompared).Should().Be((0, 1));
    }

    // Nobody reads what is too long to be compared: a standby that never ends its answers would keep the gateway busy for as long as a copy may take.
    [Fact]
    public async Task Answer_OfTheStandbyWithoutEnd_IsGivenUp()
    {
        await using var fleet = await Fleet.HostAsync();
        var given = new TaskCompletionSource();
        fleet.Green.Trouble = async context =>
        {
            using var aborted = context.RequestAborted.Register(() => given.TrySetResult());
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[16 * 1024]);
            }

            return true;
        };
        using var client = fleet.Client();
        await fleet.MirrorAsync();

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");

        await given.Task.WaitAsync(TestLimits.Wait);
        await fleet.UntilMirrorAsync(report => report is { Open: 0, Answered: 1, Failed: 0, BodiesNotCompared: 1, EndedAt: null });
    }

    // The parser takes it for JSON, and nothing takes it for text. On the pool, an exception would end the gateway.
    [Fact]
    public async Task Answer_WithHalfACharacter_IsComparedAsBytes()
    {
        await using var fleet = await Fleet.HostAsync();
        foreach (var (api, text) in new[] { (fleet.Blue, """{"a":"x"}"""), (fleet.Green, """{"a":"\udc00"}""") })
        {
            api.Trouble = async context =>
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(text);
                return true;
            };
        }

        using var client = fleet.Client();
        await fleet.MirrorAsync();

        (await client.AskAsync("/orders/x")).Body.Should().Be("""{"a":"x"}""");

        var report = await fleet.UntilMirrorAsync(report => report is { Open: 0, Answered: 1 });
        report.Differences.Should().ContainSingle().Which.Path.Should().Be("body");
        report.Skipped["notCompared"].Should().Be(0);
    }

    // Whoever names another field does not mean: without the content type.
    [Fact]
    public async Task ContentType_WithOtherFieldsNamed_IsComparedUnlessIgnored()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, """{"id":1}""");
        fleet.Green.Trouble = context => AnswerAsync(context, "TYPE");

        var named = await SendAsync(fleet, order: Compare("x-currency", "$"), requests: 1);
        var ignored = await SendAsync(fleet, order: Compare("X-Currency", "$", "header:Content-Type"), requests: 1);

        named.Differences.Select(difference => difference.Path).Should().Equal("header:content-type");
        ignored.Differences.Should().BeEmpty();
    }

    [Fact]
    public async Task StatusBodyAndLength_Ignored_AreNoDifferenceButAFailureIs()
    {
        await using var fleet = await Fleet.HostAsync();
        var (blue, green) = ("""{"list":[1]}""", """{"list":[1,2]}""");
        fleet.Blue.Trouble = context => AnswerAsync(context, blue);
        fleet.Green.Trouble = context => AnswerAsync(context, green);

        (await SendAsync(fleet, order: Compare("etag", "$.list.length"), requests: 1)).Differences.Should().BeEmpty();
        green = "STATUS";
        (await SendAsync(fleet, order: Compare("etag", "status"), requests: 1)).Differences.Should().BeEmpty();
        green = "BREAK";
        (await SendAsync(fleet, order: Compare("x-other", "status"), requests: 1)).Differences.Select(difference => difference.Path).Should().Equal("status");
    }

    private static object Compare(string header, params string[] ignore) => new { compare = new { headers = new[] { header }, ignore, noisePercent = 0 } };

    private static async Task<MirrorReport> SendAsync(Fleet fleet, Action<byte[]>? answer = null, object? order = null, int requests = Requests)
    {
        using var client = fleet.Client();
        await fleet.MirrorAsync(order ?? EverythingTwice);
        for (long sent = 1, compared = 0; compared < requests; sent++)
        {
            var body = await client.GetByteArrayAsync("/orders/1");
            answer?.Invoke(body);

            // One after the other. On a fast machine some are dropped, for the rate.
            var report = await fleet.UntilMirrorAsync(report => report.Answered + report.Failed + report.Skipped["rate"] == sent && report.Open == 0);
            compared = report.Answered + report.Failed;
        }

        return (await fleet.MirrorStatusAsync()).Newest!;
    }

    private static async Task<bool> AnswerAsync(HttpContext context, string body)
    {
        context.Response.ContentType = body == "TYPE" ? "text/json" : "application/json";
        context.Response.StatusCode = body == "STATUS" ? 404 : 200;
        context.Response.Headers["x-currency"] = body == "HEADER" ? "USD" : "EUR";
        if (body == "BREAK")
        {
            context.Abort();
            return true;
        }

        var text = body.StartsWith('{') ? body : """{"id":1,"total":9.99,"name":"a","at":AT,"tags":TAGS}""";
        text = text.Replace("TAGS", Random.Shared.Next(2) == 0 ? """["x","y"]""" : """["y","x"]""", StringComparison.Ordinal);
        var parts = text.Split("AT").Select(part => part + Random.Shared.NextInt64().ToString(System.Globalization.CultureInfo.InvariantCulture)).ToList();
        parts[^1] = text.Split("AT")[^1];
        await context.Response.WriteAsync(string.Concat(parts));
        return true;
    }

    private static async Task<bool> CompressAsync(HttpContext context, string body, string coding)
    {
        context.Response.ContentType = "application/json";
        if (coding.Length == 0)
        {
            await context.Response.WriteAsync(body);
            return true;
        }

        context.Response.Headers.ContentEncoding = coding;
        using var encoded = new MemoryStream();
        using (Stream encoder = coding == "br" ? new BrotliStream(encoded, CompressionLevel.Fastest) : new GZipStream(encoded, CompressionLevel.Fastest))
        {
            encoder.Write(Encoding.UTF8.GetBytes(body));
        }

        await context.Response.Body.WriteAsync(encoded.ToArray());
        return true;
    }

    private static string Decode(byte[] body, string coding)
    {
        using var source = new MemoryStream(body);
        using Stream decoder = coding == "br" ? new BrotliStream(source, CompressionMode.Decompress) : new GZipStream(source, CompressionMode.Decompress);
        using var reader = new StreamReader(decoder);
        return reader.ReadToEnd();
    }
}
