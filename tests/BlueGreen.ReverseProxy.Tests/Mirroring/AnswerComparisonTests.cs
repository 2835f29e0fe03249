using System.IO.Compression;
using System.Net;
using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Tests.Mirroring;

public sealed class AnswerComparisonTests
{
    private const int Limit = 1024;

    [Fact]
    public void Bodies_CompressedOrNot_AreComparedDecoded()
    {
        var plain = Answer("""{"a":1}""");
        foreach (var coding in new[] { "gzip", "br", "deflate" })
        {
            Paths(plain, Answer("""{"a":1}""", coding: coding)).Should().BeEmpty(coding);
            Paths(plain, Answer("""{"a":2}""", coding: coding)).Should().Equal(["$.a"], coding);
        }
    }

    [Fact]
    public void Body_ThatDecodesToTooMuch_IsNotDecoded()
    {
        var bomb = Answer(new string('x', 100_000), coding: "gzip");
        BodyDecoder.Decode(bomb.Body.Bytes, "gzip", Limit * 4).Should().BeNull();
        Paths(bomb, Answer(new string('x', 100_000), coding: "gzip")).Should().BeEmpty("the bytes are the same");
        Paths(bomb, Answer("x")).Should().Equal("body");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public void Body_ThatIsNotOfItsCoding_IsNotDecoded(string coding) => BodyDecoder.Decode("not compressed at all"u8.ToArray(), coding, Limit).Should().BeNull();

    [Fact]
    public void Answers_OfOtherStatusHeaderOrBytes_AreNamedWithoutShowingTheBody()
    {
        Paths(Answer("a"), Answer("b", HttpStatusCode.NotFound)).Should().Equal("status");
        Paths(Answer("a"), Answer("a", type: "text/html")).Should().Equal("header:content-type");
        var body = Find(Answer("the secret is a", type: "text/plain"), Answer("the secret is b", type: "text/plain")).Should().ContainSingle().Subject;
        body.Path.Should().Be("body");
        $"{body.Left}{body.Right}".Should().NotContain("secret");
        Paths(Answer("{ no json"), Answer("{ neither")).Should().Equal("body");
    }

    [Fact]
    public void Answer_ThatDidNotCome_DiffersInItsStatus()
    {
        var none = new MirrorAnswer(Limit) { Failure = "Request" };
        Find(Answer("a"), none).Should().Equal(new Difference("status", "200", "Request"));
    }

    [Theory]
    [InlineData("$.password", true)]
    [InlineData("$.user.accessToken.value", true)]
    [InlineData("$.api_key", true)]
    [InlineData("header:set-cookie", true)]
    [InlineData("header:Authorization", true)]
    [InlineData("$.items[*].client-secret", true)]
    [InlineData("$.pin", true)]
    [InlineData("$.shipping", false)]
    [InlineData("$.company", false)]
    [InlineData("$.total", false)]
    public void Secret_IsKnownByAnyNameOnTheWay(string path, bool isSecret) => SecretNames.Contains(path).Should().Be(isSecret);

    [Fact]
    public void LeftOut_IsDescribedForWhoeverTrustsTheResult()
    {
        new CompareSettings().DescribeLeftOut().Should().BeEmpty();
        new CompareSettings { Ignore = ["$.b", "$.a"], Sets = ["$.tags"], NoisePercent = 5 }.DescribeLeftOut().Should().Be("; not compared: $.a, $.b; as sets: $.tags; noise measured with 5 % only");
        new CompareSettings { Ignore = [.. Enumerable.Range(0, 100).Select(number => $"$.field{number}")] }.DescribeLeftOut().Length.Should().BeLessThan(230);
    }

    // Half a character is valid JSON, and what is no UTF-8 passes the parser: no text, but nothing that may end the process.
    [Theory]
    [InlineData("""{"a":"x"}""", """{"a":"\udc00"}""")]
    [InlineData("""{"a":"\ud800x"}""", """{"a":"\ud800y"}""")]
    [InlineData("""{"t":1,"\ud800":1}""", """{"t":2,"\ud800":1}""")]
    [InlineData("{}", """{"a":"\udc00"}""")]
    [InlineData("""{"a":["x"]}""", """{"a":["\udc00"]}""")]
    [InlineData("{\"a\":\"Müller\"}", "{\"a\":\"Meier\"}")]
    [InlineData("{\"ü\":1}", "{\"a\":1}")]
    public void Json_WithTextThatIsNone_IsComparedAsBytes(string left, string right)
    {
        var settings = new CompareSettings { Headers = [], Sets = ["$.a"] };
        var (one, other) = (Answer(left, encoding: Encoding.Latin1), Answer(right, encoding: Encoding.Latin1));

        AnswerComparison.Find(one, other, settings, Limit).Select(difference => difference.Path).Should().Equal("body");
        AnswerComparison.Find(other, one, settings, Limit).Select(difference => difference.Path).Should().Equal("body");
        AnswerComparison.Find(one, one, settings, Limit).Should().BeEmpty();
    }

    [Fact]
    public void Place_WithNamesOfAnyLengthAndDepth_IsBounded()
    {
        var name = new string('k', 900);
        Paths(Answer($$"""{"{{name}}":1}"""), Answer($$"""{"{{name}}":2}""")).Should().Equal($"$.{name[..64]}…");
        string Nested(int value) => string.Concat(Enumerable.Repeat("""{"aaaaaaaaaaaaaaa":""", 50)) + value + new string('}', 50);
        Paths(Answer(Nested(1)), Answer(Nested(2))).Should().ContainSingle().Which.Length.Should().BeInRange(400, 500);
    }

    [Theory]
    [InlineData("""{"byCard":{"4111111111111111":1}}""", """{"byCard":{"4111111111111111":2}}""", "$.byCard.(redacted)")]
    [InlineData("""{"tokens":{"supersecrettokenA":1}}""", """{"tokens":{"supersecrettokenA":2}}""", "$.tokens.(redacted)")]
    [InlineData("""{"auth":{"scope":1}}""", """{"auth":{"scope":2}}""", "$.auth.scope")]
    public void Place_OfAMapWithSecretKeys_DoesNotShowThem(string left, string right, string place) => Paths(Answer(left), Answer(right)).Should().Equal(place);

    // What is not shown can be named nevertheless.
    [Theory]
    [InlineData("$.session.lastActivityAt")]
    [InlineData("$.byCard.4111111111111111")]
    public void Place_ThatIsNotShown_CanBeIgnored(string place)
    {
        var names = place.Split('.');
        string Body(int value) => $$"""{ "{{names[1]}}": { "{{names[2]}}": {{value}} } }""";

        Paths(Answer(Body(1)), Answer(Body(2))).Should().Equal($"$.{names[1]}.(redacted)");
        AnswerComparison.Find(Answer(Body(1)), Answer(Body(2)), new CompareSettings { Ignore = [place] }, Limit).Should().BeEmpty();
    }

    [Theory]
    [InlineData("\"4111 1111 1111 1111\"", true)]
    [InlineData("\"4111-1111-1111-1112\"", false)]
    [InlineData("4111111111111111", true)]
    [InlineData("\"https://user:pass@example.com/\"", true)]
    [InlineData("\"https://example.com/a?x=1&access_token=abc\"", true)]
    [InlineData("\"https://example.com/token?x=1\"", false)]
    [InlineData("1234567890123", false)]
    public void Value_OfACardOrAnAddressWithASecret_IsRedactedWhateverItIsCalled(string value, bool isHidden)
    {
        var found = Find(Answer($$"""{"a":{{value}}}"""), Answer("""{"a":null}""")).Should().ContainSingle().Subject;
        (found.Left == Redaction.Hidden).Should().Be(isHidden, found.Left);
    }

    [Fact]
    public void Values_AreCutAndRedacted()
    {
        Redaction.Show("$.note", new string('x', 1000)).Length.Should().BeLessThan(70);
        Redaction.Show("$.note", "eyJhbGciOiJIUzI1NiJ9.e30.abc").Should().Be(Redaction.Hidden);
        Redaction.Show("$.note", "a\nb").Should().Be("a b");
        var found = Find(Answer("""{"card":{"password":"a"},"password":{"x":"hush"}}"""), Answer("""{"card":{"password":"b"}}"""));
        found.SelectMany(difference => new[] { difference.Left, difference.Right }).Should().BeEquivalentTo("(redacted)", "(redacted)", "(object)", "(missing)");
    }

    private static MirrorAnswer Answer(string body, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json", string? coding = null, Encoding? encoding = null)
    {
        var bytes = Encode((encoding ?? Encoding.UTF8).GetBytes(body), coding);
        using var response = new HttpResponseMessage(status) { Content = new ByteArrayContent(bytes) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (coding is not null)
        {
            response.Content.Headers.ContentEncoding.Add(coding);
        }

        var answer = new MirrorAnswer(Limit);
        answer.Begin(response, TimeSpan.Zero);
        answer.Body.Add(bytes);
        answer.Body.Complete();
        return answer;
    }

    private static byte[] Encode(byte[] body, string? coding)
    {
        if (coding is null)
        {
            return body;
        }

        using var encoded = new MemoryStream();
        using (Stream encoder = coding switch
        {
            "gzip" => new GZipStream(encoded, CompressionLevel.Optimal),
            "br" => new BrotliStream(encoded, CompressionLevel.Optimal),
            _ => new ZLibStream(encoded, CompressionLevel.Optimal),
        })
        {
            encoder.Write(body);
        }

        return encoded.ToArray();
    }

    private static IReadOnlyList<Difference> Find(MirrorAnswer left, MirrorAnswer right) => AnswerComparison.Find(left, right, new CompareSettings(), Limit);

    private static IEnumerable<string> Paths(MirrorAnswer left, MirrorAnswer right) => Find(left, right).Select(difference => difference.Path);
}
