using System.Buffers.Binary;
using System.Text;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.LongLived;

/// <summary>Where messages end, however the bytes are cut into pieces on the way.</summary>
public sealed class MessageScannerTests
{
    // Each message with the bytes that it is on the wire; a scanner has to find the end of each, and no other place.
    private static readonly Gen<byte[]> WebSocketMessage =
        from lengths in Gen.Choose(0, 400).Select(length => length * length).ArrayOf()
        from masked in Gen.Elements(true, false)
        from ping in Gen.Elements(true, false)
        select Concat(lengths.DefaultIfEmpty(3).SelectMany((length, index) => (byte[][])
        [
            ping && index > 0 ? Frame(0x89, 2, masked) : [],
            Frame((byte)((index == 0 ? 0x02 : 0x00) | (index >= lengths.Length - 1 ? 0x80 : 0x00)), length, masked),
        ]));

    private static readonly Gen<byte[]> GrpcMessage = Gen.Choose(0, 3000).Select(length =>
    {
        var message = new byte[5 + length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), length);
        message.AsSpan(5).Fill((byte)'x');
        return message;
    });

    private static readonly Gen<byte[]> Event =
        from ending in Gen.Elements("\n", "\r\n", "\r")
        from lines in Gen.Elements("data: x", "id: 7", "event: y", "data", ": a comment").ArrayOf().Where(lines => lines.Any(line => line[0] != ':'))
        select Encoding.UTF8.GetBytes(string.Concat(lines.SkipWhile(line => line[0] == ':').Select(line => line + ending)) + ending);

    // The code of the API's close frame, however its bytes arrive; a client's is masked, and nobody asks for it.
    [Theory]
    [InlineData(new byte[] { 0x88, 2, 0x03, 0xF3 }, 1011)]
    [InlineData(new byte[] { 0x81, 1, 65, 0x88, 6, 0x03, 0xF6, 97, 98, 99, 100 }, 1014)]
    [InlineData(new byte[] { 0x88, 0 }, 0)]
    [InlineData(new byte[] { 0x88, 2, 0x03 }, 0)]
    [InlineData(new byte[] { 0x82, 2, 0x03, 0xF3 }, 0)]
    public void WebSocket_CloseCode_IsFoundInAnyPieces(byte[] frames, int code)
    {
        for (var size = 1; size <= frames.Length; size++)
        {
            var scanner = new WebSocketScanner();
            for (var at = 0; at < frames.Length; at += size)
            {
                scanner.Scan(frames.AsSpan(at, Math.Min(size, frames.Length - at)));
            }

            scanner.CloseCode.Should().Be(code, "in pieces of {0}", size);
        }
    }

    [Fact]
    public void WebSocket_InAnyPieces_EndsWhereItsMessagesEnd() => HoldsInAnyPieces(WebSocketMessage, () => new WebSocketScanner());

    [Fact]
    public void Grpc_InAnyPieces_EndsWhereItsMessagesEnd() => HoldsInAnyPieces(GrpcMessage, () => new GrpcScanner());

    [Fact]
    public void EventStream_InAnyPieces_EndsWhereItsEventsEnd() => HoldsInAnyPieces(Event, () => new EventStreamScanner());

    [Fact]
    public void EventStream_CommentBetweenEvents_IsNoEventToWaitFor()
    {
        var scanner = new EventStreamScanner();

        scanner.Scan(": keep-alive\n"u8);

        scanner.IsBetweenMessages.Should().BeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WebSocket_CloseFrame_IsFoundAndNothingComesAfterIt(bool masked)
    {
        var scanner = new WebSocketScanner();
        byte[] message = Frame(0x82, 10, masked);
        byte[] data = [.. message, .. Frame(0x88, 2, masked)];

        var end = scanner.Scan(data, out var closeAt);

        end.Should().Be(message.Length);
        closeAt.Should().Be(message.Length);
        scanner.IsClosing.Should().BeTrue();
        scanner.IsClosed.Should().BeTrue();
        scanner.IsBetweenMessages.Should().BeFalse("there is nothing left to interrupt");
    }

    [Fact]
    public void WebSocket_CloseFrameInTwoPieces_IsClosingBeforeItIsClosed()
    {
        var scanner = new WebSocketScanner();
        var frame = Frame(0x88, 20, masked: true);

        scanner.Scan(frame.AsSpan(0, 1), out var closeAt);
        (closeAt, scanner.IsClosing, scanner.IsClosed).Should().Be((0, true, false));

        scanner.Scan(frame.AsSpan(1), out closeAt);
        (closeAt, scanner.IsClosing, scanner.IsClosed).Should().Be((-1, true, true));
    }

    private static void HoldsInAnyPieces(Gen<byte[]> message, Func<IMessageScanner> scanner)
    {
        var cases =
            from messages in message.ArrayOf().Where(messages => messages.Length > 0)
            from pieces in Gen.Choose(1, 70_000).ArrayOf().Where(pieces => pieces.Length > 0)
            select (messages, pieces);
        cases.Holds(one => Check(one.messages, one.pieces, scanner()));
    }

    private static void Check(byte[][] messages, int[] pieces, IMessageScanner scanner)
    {
        var ends = messages.Select((_, index) => messages.Take(index + 1).Sum(before => before.Length)).ToHashSet();

        // An event is complete with the carriage return of its last line end; a line feed after it is the second half of that.
        ends.UnionWith(scanner is EventStreamScanner ? messages.Zip(ends).Where(message => message.First is [.., (byte)'\r', (byte)'\n']).Select(message => message.Second - 1).ToList() : []);
        var data = Concat(messages);
        var at = 0;
        for (var piece = 0; at < data.Length; piece++)
        {
            var length = Math.Min(pieces[piece % pieces.Length], data.Length - at);
            var expected = ends.Where(end => end > at && end <= at + length).DefaultIfEmpty(-1).Max();

            var end = scanner.Scan(data.AsSpan(at, length));

            // Compared here, for there may be a hundred thousand pieces; the assertion only says what is wrong.
            var found = end < 0 ? -1 : at + end;
            at += length;
            if (found != expected || scanner.IsBetweenMessages != ends.Contains(at))
            {
                (found, scanner.IsBetweenMessages).Should().Be((expected, ends.Contains(at)));
            }
        }
    }

    private static byte[] Concat(IEnumerable<byte[]> pieces)
    {
        using var all = new MemoryStream();
        foreach (var piece in pieces)
        {
            all.Write(piece);
        }

        return all.ToArray();
    }

    private static byte[] Frame(byte first, int length, bool masked)
    {
        var extended = length > ushort.MaxValue ? 8 : length > 125 ? 2 : 0;
        var frame = new byte[2 + extended + (masked ? 4 : 0) + length];
        frame[0] = first;
        frame[1] = (byte)((masked ? 0x80 : 0) | (extended == 8 ? 127 : extended == 2 ? 126 : length));
        if (extended == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)length);
        }
        else if (extended == 8)
        {
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), length);
        }

        frame.AsSpan(2 + extended).Fill(0x88);
        return frame;
    }
}
