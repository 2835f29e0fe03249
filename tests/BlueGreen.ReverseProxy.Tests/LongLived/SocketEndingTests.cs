using BlueGreen.ReverseProxy.LongLived;

namespace BlueGreen.ReverseProxy.Tests.LongLived;

/// <summary>Which side has ended a WebSocket, by the frames and ends that pass.</summary>
public sealed class SocketEndingTests
{
    private static readonly byte[] Message = [0x81, 1, 65];
    private static readonly byte[] MaskedClose = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8];

    [Fact]
    public async Task Ending_NothingButMessages_IsUnclean()
    {
        using var socket = Socket(new MemoryStream());
        await socket.WriteAsync(Message);

        socket.Ending.Should().Be(SocketEnding.Unclean);
    }

    [Theory]
    [InlineData(1000, "ByApi")]
    [InlineData(1001, "ByApi")]
    [InlineData(1011, "ByFailedApi")]
    [InlineData(1012, "ByApi")]
    [InlineData(1013, "ByFailedApi")]
    [InlineData(1014, "ByFailedApi")]
    [InlineData(4000, "ByApi")]
    public async Task Ending_CloseFrameOfTheApi_IsWhatItsCodeSays(int code, string ending)
    {
        using var socket = Socket(new MemoryStream(MaskedClose));
        await socket.WriteAsync(Message);
        await socket.WriteAsync(Close(code));

        // The client answers.
        (await socket.ReadAsync(new byte[100])).Should().BeGreaterThan(0);

        socket.Ending.ToString().Should().Be(ending);
    }

    // The API may answer a client's close frame with anything.
    [Fact]
    public async Task Ending_CloseFrameOfTheClientFirst_IsTheClients()
    {
        using var socket = Socket(new MemoryStream(MaskedClose));
        (await socket.ReadAsync(new byte[100])).Should().BeGreaterThan(0);
        await socket.WriteAsync(Close(1011));

        socket.Ending.Should().Be(SocketEnding.ByClient);
    }

    [Fact]
    public async Task Ending_ConnectionOfTheClientFirst_IsTheClients()
    {
        using var socket = Socket(new MemoryStream());
        (await socket.ReadAsync(new byte[100])).Should().Be(0);

        socket.Ending.Should().Be(SocketEnding.ByClient);
    }

    [Fact]
    public async Task Ending_AskedToCloseByADrain_IsTheGateways()
    {
        using var socket = Socket(new MemoryStream(Message));
        socket.Reader.RequestClose(TimeSpan.Zero);
        (await socket.ReadAsync(new byte[100])).Should().BeGreaterThan(0);
        await socket.WriteAsync(Close(1011));

        socket.Ending.Should().Be(SocketEnding.ByGateway);
    }

    private static byte[] Close(int code) => [0x88, 2, (byte)(code >> 8), (byte)code];

    private static GracefulCloseWebSocket Socket(MemoryStream fromClient) => new(new Client(fromClient), 1012, TimeProvider.System, CancellationToken.None);

    // What the client sends comes from one stream; what it is sent goes nowhere.
    private sealed class Client(Stream from) : PassThroughStream(from)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}
