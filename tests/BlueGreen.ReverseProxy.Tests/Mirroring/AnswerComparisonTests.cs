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
    public void Values_AreCutAndRedacted()
    {
        Redaction.Show("$.note", new string('x', 1000)).Length.Should().BeLessThan(70);
        Redaction.Show("$.note", "eyJhbGciOiJIUzI1NiJ9.e30.abc").Should().Be(Redaction.Hidden);
        Redaction.Show("$.note", "a\nb").Should().Be("a b");
        var found = Find(Answer("""{"card":{"password":"a"},"password":{"x":"hush"}}"""), Answer("""{"card":{"password":"b"}}"""));
        found.SelectMany(difference => new[] { difference.Left, difference.Right }).Should().BeEquivalentTo("(redacted)", "(redacted)", "(object)", "(missing)");
    }

    private static MirrorAnswer Answer(string body, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json", string? coding = null)
    {
        var bytes = Encode(Encoding.UTF8.GetBytes(body), coding);
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
