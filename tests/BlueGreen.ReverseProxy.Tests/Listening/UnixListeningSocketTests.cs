using System.Net.Sockets;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Listening;

public sealed class UnixListeningSocketTests
{
    // Kestrel listens a moment after it has been given the socket; who comes in between must not be refused.
    [Fact]
    public async Task Bind_InPlaceOfOneThatListens_TakesConnectionsFromTheMomentThatItHasTheName()
    {
        using var folder = new TempFolder();
        var path = new UnixDomainSocketEndPoint(folder["admin.sock"]);
        using var old = UnixListeningSocket.Bind(path, UnixFileMode.UserRead | UnixFileMode.UserWrite, isShared: false);
        using var next = UnixListeningSocket.Bind(path, UnixFileMode.UserRead | UnixFileMode.UserWrite, isShared: true);

        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(path);

        using var accepted = await next.AcceptAsync();
        accepted.Connected.Should().BeTrue();
    }
}
