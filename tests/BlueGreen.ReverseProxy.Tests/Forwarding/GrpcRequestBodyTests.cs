using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class GrpcRequestBodyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(4096)]
    public async Task Messages_WholeAndSmall_PassHoweverTheyAreCutAndHoweverManyTheyAre(int piece)
    {
        byte[] messages = [.. Enumerable.Range(0, 500).SelectMany(_ => new byte[] { 0, 0, 0, 0, 3, 7, 8, 9, 1, 0, 0, 0, 0 })];
        await using var body = new GrpcRequestBody(new Pieces(messages, piece), maxMessage: 3, rate: null, TimeProvider.System);
        using var passed = new MemoryStream();

        await body.CopyToAsync(passed);

        passed.ToArray().Should().Equal(messages);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 4, 1, 2, 3, 4 }, 413)]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 9, 0, 255, 255, 255, 255 }, 413)]
    [InlineData(new byte[] { 0x61, 0x61, 0x61, 0x61, 0x61 }, 400)]
    public async Task Message_TooLargeOrNone_EndsTheRequest(byte[] bytes, int status)
    {
        await using var body = new GrpcRequestBody(new Pieces(bytes, 2), maxMessage: 3, rate: null, TimeProvider.System);

        var read = () => body.CopyToAsync(Stream.Null);

        (await read.Should().ThrowAsync<BadHttpRequestException>()).Which.StatusCode.Should().Be(status);
    }

    [Fact]
    public async Task Message_ThatStops_EndsTheRequest_AndQuietBetweenMessagesDoesNot()
    {
        var time = new ManualTime();
        var stops = new Pieces([0, 0, 0, 0, 3, 7, 8, 9, 0, 0], 10, endless: true);
        await using var body = new GrpcRequestBody(stops, maxMessage: 3, new MinDataRate(240, TimeSpan.FromSeconds(5)), time);
        var buffer = new byte[8];
        (await body.ReadAsync(buffer)).Should().Be(8);
        time.Advance(TimeSpan.FromHours(5));
        (await body.ReadAsync(buffer)).Should().Be(2, "nobody hurries a stream between two messages");

        var stopped = body.ReadAsync(buffer).AsTask();
        time.Advance(TimeSpan.FromSeconds(4));
        stopped.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(2));

        var wait = () => stopped.WaitAsync(TimeSpan.FromSeconds(30));
        (await wait.Should().ThrowAsync<BadHttpRequestException>()).Which.StatusCode.Should().Be(408);
    }

    private sealed class Pieces(byte[] bytes, int piece, bool endless = false) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
            if (read == 0 && endless)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return read;
        }
    }
}
