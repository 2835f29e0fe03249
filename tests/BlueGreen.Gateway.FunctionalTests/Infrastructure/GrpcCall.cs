using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A gRPC call with streams in both directions, its frames made by hand: HTTP/2, length-prefixed messages, trailers.</summary>
internal sealed class GrpcCall : IDisposable
{

    private readonly HttpClient _http;
    private readonly Duplex _request;
    private readonly Task<HttpResponseMessage> _response;

    private GrpcCall(HttpClient http, Duplex request, Task<HttpResponseMessage> response)
    {
        _http = http;
        _request = request;
        _response = response;
    }

    /// <summary>What the call ended with: the trailer <c>grpc-status</c>.</summary>
    public string? Status => _response.Result.TrailingHeaders.TryGetValues("grpc-status", out var values) ? values.Single() : null;

    // The answer's headers come with its first message, and that with the client's: so nobody waits for them here.
    public static GrpcCall Start(string url, string path = "/orders/grpc")
    {
        var http = new HttpClient { BaseAddress = new Uri(url) };
        var content = new Duplex();
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.ParseAdd("trailers");
        return new GrpcCall(http, content, http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    /// <summary>Sends one message and takes its answer.</summary>
    /// <returns>Null when the call has ended instead.</returns>
    public async Task<string?> EchoAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync();
    }

    public async Task SendAsync(string text)
    {
        var message = Encoding.UTF8.GetBytes(text);
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(5));
        var stream = await _request.Stream;
        await stream.WriteAsync(frame);
        await stream.FlushAsync();
    }

    /// <summary>Takes the next message.</summary>
    /// <returns>Null when the call has ended instead.</returns>
    public async Task<string?> ReceiveAsync()
    {
        var answers = await (await _response.WaitAsync(TestLimits.Wait)).Content.ReadAsStreamAsync();
        var prefix = new byte[5];
        var read = await answers.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false).AsTask().WaitAsync(TestLimits.Wait);
        if (read == 0)
        {
            return null;
        }

        read.Should().Be(prefix.Length, "a message is never cut");
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await answers.ReadExactlyAsync(message);
        return Encoding.UTF8.GetString(message);
    }

    /// <summary>The status code of the answer, where it is no gRPC.</summary>
    public async Task<HttpStatusCode> HttpStatusAsync() => (await _response.WaitAsync(TestLimits.Wait)).StatusCode;

    /// <summary>What an answer of headers alone says of the call: the header <c>grpc-status</c>.</summary>
    public async Task<string?> HeaderStatusAsync() => (await _response.WaitAsync(TestLimits.Wait)).Headers.TryGetValues("grpc-status", out var values) ? values.Single() : null;

    /// <summary>Cuts the connection without a word.</summary>
    public void Vanish() => _http.Dispose();

    /// <summary>Ends the client's half of the call.</summary>
    public void End() => _request.End();

    public void Dispose()
    {
        _request.End();
        _http.Dispose();
    }

    private sealed class Duplex : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Stream => _stream.Task;

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            _stream.TrySetResult(stream);
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
