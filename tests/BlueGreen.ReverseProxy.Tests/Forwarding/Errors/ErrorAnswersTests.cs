using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Errors;

public sealed class ErrorAnswersTests : IDisposable
{
    private const string Nasty = "<script>alert('1')</script> & \"quotes\" \u2028 ä {{traceId}}";

    private readonly DefaultHttpContext _context = new() { Request = { Method = "GET", Protocol = "HTTP/1.1" } };
    private readonly MemoryStream _body = new();
    private readonly ErrorAnswers _errors = GatewayErrors.Answers();

    public ErrorAnswersTests() => _context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_body));

    public void Dispose() => _body.Dispose();

    private string Body => Encoding.UTF8.GetString(_body.ToArray());

    [Fact]
    public async Task Write_ToAnApiClient_IsAProblemOfRfc9457()
    {
        await _errors.WriteAsync(_context, 502);

        var response = _context.Response;
        response.StatusCode.Should().Be(502);
        response.ContentType.Should().Be("application/problem+json");
        response.ContentLength.Should().Be(_body.Length);
        response.Headers.Vary.Should().Equal("Accept");
        response.Headers.CacheControl.Should().Equal("no-store");
        var problem = JsonDocument.Parse(Body).RootElement;
        problem.EnumerateObject().Select(field => field.Name).Should().Equal("type", "title", "status", "detail");
        problem.GetProperty("type").GetString().Should().Be("about:blank");
        problem.GetProperty("title").GetString().Should().Be("Bad Gateway");
        problem.GetProperty("status").GetInt32().Should().Be(502);
    }

    [Theory]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "traceId", "0af7651916cd43dd8448eb211c80319c")]
    [InlineData("traceparent", "nonsense", null, null)]
    [InlineData("X-Request-ID", "f3-9:a/b", "requestId", "f3-9:a/b")]
    [InlineData("X-Request-ID", "<script>", null, null)]
    public async Task Write_ForARequestWithAReference_RepeatsItWhereItIsOne(string header, string value, string? field, string? reference)
    {
        _context.Request.Headers[header] = value;

        await _errors.WriteAsync(_context, 502);

        var problem = JsonDocument.Parse(Body).RootElement;
        problem.EnumerateObject().Select(entry => entry.Name).Skip(4).Should().Equal(field is null ? [] : [field]);
        if (field is not null)
        {
            problem.GetProperty(field).GetString().Should().Be(reference);
        }
    }

    [Fact]
    public async Task Maintenance_WithMarkupInItsMessage_IsEncodedInThePageAndWholeInTheProblem()
    {
        await _errors.WriteMaintenanceAsync(_context, new Maintenance(Nasty, 120));

        JsonDocument.Parse(Body).RootElement.GetProperty("detail").GetString().Should().Be(Nasty);
        JsonDocument.Parse(Body).RootElement.GetProperty("maintenance").GetBoolean().Should().BeTrue();
        _context.Response.Headers.RetryAfter.Should().Equal("120");

        _body.SetLength(0);
        _context.Request.Headers.Accept = "text/html";
        await _errors.WriteMaintenanceAsync(_context, new Maintenance(Nasty, 120));
        Body.Should().Contain("&lt;script&gt;").And.NotContain("<script").And.Contain("{{traceId}}");
        _context.Response.Headers.ContentSecurityPolicy.ToString().Should().Contain("default-src 'none'");
    }

    [Fact]
    public async Task Write_ToHead_HasTheHeadersOfGetAndNoBody()
    {
        await _errors.WriteAsync(_context, 503);
        var length = _context.Response.ContentLength;
        _body.SetLength(0);

        _context.Request.Method = "HEAD";
        await _errors.WriteAsync(_context, 503);

        _context.Response.ContentLength.Should().Be(length);
        _body.Length.Should().Be(0);
    }

    [Fact]
    public async Task Write_AfterTheResponseHasBegun_ChangesNothing()
    {
        _context.Features.Set<IHttpResponseFeature>(new BegunResponse());

        await _errors.WriteAsync(_context, 502);
        await _errors.RefuseAsync(_context, 400, "why");
        await _errors.WriteMaintenanceAsync(_context, new Maintenance(null, 1));

        _context.Response.StatusCode.Should().Be(200);
        _context.Response.Headers.Should().BeEmpty();
        _body.Length.Should().Be(0);
    }

    [Theory]
    [InlineData(400, "13")]
    [InlineData(404, "12")]
    [InlineData(413, "2")]
    [InlineData(429, "14")]
    [InlineData(502, "14")]
    [InlineData(503, "14")]
    [InlineData(504, "14")]
    [InlineData(508, "2")]
    public async Task Write_ToAGrpcCall_IsTheStatusThatAClientWouldMapTo(int status, string grpc)
    {
        _context.Request.Protocol = "HTTP/2";
        _context.Request.ContentType = "application/grpc+proto";

        await _errors.WriteAsync(_context, status);

        _context.Response.StatusCode.Should().Be(200);
        _context.Response.ContentType.Should().Be("application/grpc");
        _context.Response.Headers["grpc-status"].Should().Equal(grpc);
        _body.Length.Should().Be(0, "the status is in the headers, which end the stream");
    }

    [Fact]
    public async Task Maintenance_OfAGrpcCall_HasItsMessagePercentEncoded()
    {
        _context.Request.Protocol = "HTTP/2";
        _context.Request.ContentType = "application/grpc";

        await _errors.WriteMaintenanceAsync(_context, new Maintenance("50 % grün", 5));

        _context.Response.Headers["grpc-message"].Should().Equal("50 %25 gr%C3%BCn");
    }

    private sealed class BegunResponse : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }
}
