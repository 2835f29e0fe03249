using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Listening;

public sealed class ListenersTests
{
    // The server closes a socket when its endpoint is taken out of the configuration.
    [Fact]
    public void Steer_AfterASocketWasClosed_SteersTheOthers()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var listeners = Shared();
        using var first = listeners.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listeners.Bind(new IPEndPoint(IPAddress.Loopback, 0)).Dispose();
        using var last = listeners.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var successorOfFirst = Shared().Bind(first.LocalEndPoint!);
        using var successorOfLast = Shared().Bind(last.LocalEndPoint!);
        foreach (var socket in new[] { first, last, successorOfFirst, successorOfLast })
        {
            socket.Listen();
        }

        listeners.RedirectNewConnections();

        foreach (var (old, successor) in new[] { (first, successorOfFirst), (last, successorOfLast) })
        {
            for (var count = 0; count < 20; count++)
            {
                using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
                client.Connect(old.LocalEndPoint!);
                using var accepted = successor.Accept();
                old.Poll(0, SelectMode.SelectRead).Should().BeFalse("all new connections go to the successor");
            }
        }
    }

    [Fact]
    public async Task Close_OneListenerFails_ClosesTheOthersAndSaysSo()
    {
        var listeners = Shared();
        var (before, failing, after) = (new Listener(), new Listener { Fails = true }, new Listener());
        foreach (var listener in new[] { before, failing, after })
        {
            listeners.Remember(listener);
        }

        var close = () => listeners.CloseAsync(CancellationToken.None);

        await close.Should().ThrowAsync<AggregateException>();
        before.IsUnbound.Should().BeTrue();
        after.IsUnbound.Should().BeTrue();
        listeners.IsClosing.Should().BeTrue();
    }

    private static Listeners Shared()
    {
        var options = Services.Options("orders") with { Listen = new ListenerOptions { ReusePort = true } };
        return new(options, new ConnectionLimiter(new CurrentOptions(options), new DescriptorBudget(), TimeProvider.System, NullLogger<ConnectionLimiter>.Instance), TimeProvider.System);
    }

    private sealed class Listener : IConnectionListener
    {
        public bool Fails { get; init; }

        public bool IsUnbound { get; private set; }

        public EndPoint EndPoint => new IPEndPoint(IPAddress.Loopback, 0);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            IsUnbound = !Fails;
            return Fails ? throw new InvalidOperationException("broken on purpose") : default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
