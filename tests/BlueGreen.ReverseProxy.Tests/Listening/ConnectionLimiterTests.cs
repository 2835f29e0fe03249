using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Listening;

public sealed class ConnectionLimiterTests
{
    [Fact]
    public void Connection_OverTheLimitOfItsAddress_IsRefusedUntilAnotherOneEnds()
    {
        var limiter = Limiter(new() { MaxConnectionsPerAddress = 2 });
        limiter.TryEnter(At("192.0.2.1"), out var first).Should().BeTrue();
        limiter.TryEnter(At("192.0.2.1"), out _).Should().BeTrue();

        limiter.TryEnter(At("192.0.2.1"), out _).Should().BeFalse();
        limiter.TryEnter(At("::ffff:192.0.2.1"), out _).Should().BeFalse("it is the same client");
        limiter.TryEnter(At("192.0.2.2"), out _).Should().BeTrue("another client is not its neighbour's victim");
        limiter.Release(first);
        limiter.TryEnter(At("192.0.2.1"), out _).Should().BeTrue();
        limiter.Refused.Should().Be(2);
    }

    [Fact]
    public void Connections_OfOneIPv6Network_CountAsOneClient()
    {
        var limiter = Limiter(new() { MaxConnectionsPerAddress = 2 });
        limiter.TryEnter(At("2001:db8::1"), out _).Should().BeTrue();
        limiter.TryEnter(At("2001:db8::ffff:1"), out _).Should().BeTrue();

        limiter.TryEnter(At("2001:db8::2"), out _).Should().BeFalse();
        limiter.TryEnter(At("2001:db8:0:1::2"), out _).Should().BeTrue();
    }

    [Fact]
    public void Connection_OverTheTotal_IsRefusedWhoeverItIs()
    {
        var limiter = Limiter(new() { MaxConnections = 2 });
        limiter.TryEnter(At("192.0.2.1"), out _).Should().BeTrue();
        limiter.TryEnter(null, out var registration).Should().BeTrue();

        limiter.TryEnter(At("192.0.2.3"), out _).Should().BeFalse();
        limiter.Release(registration);
        limiter.TryEnter(At("192.0.2.3"), out _).Should().BeTrue();
    }

    [Fact]
    public void Connection_ForWhichNoDescriptorIsLeft_IsRefusedUntilAnotherOneEnds()
    {
        var budget = new DescriptorBudget { Total = 4 };
        var limiter = Limiter(new() { MaxConnections = 0, MaxConnectionsPerAddress = 1 }, budget);
        limiter.TryEnter(At("192.0.2.1"), out var first).Should().BeTrue();
        limiter.TryEnter(At("192.0.2.1"), out _).Should().BeFalse("its address has one");
        limiter.TryEnter(At("192.0.2.2"), out _).Should().BeTrue();

        limiter.TryEnter(At("192.0.2.3"), out _).Should().BeFalse("the other two are for connections to destinations");
        budget.TryTake().Should().BeTrue();
        budget.TryTake().Should().BeTrue();
        budget.TryTake().Should().BeFalse();
        limiter.Release(first);
        limiter.TryEnter(At("192.0.2.3"), out _).Should().BeTrue("what was refused has taken nothing");
        budget.TryTake().Should().BeFalse();
    }

    [Fact]
    public void Connections_OfATrustedProxy_AreNotCountedForItsAddress()
    {
        var limiter = Limiter(new() { MaxConnectionsPerAddress = 1 }, "10.0.0.0/8");

        Enumerable.Range(0, 5).Should().OnlyContain(attempt => Enters(limiter, "10.1.1.1"));
    }

    [Theory]
    [InlineData(null, "127.0.0.1", 1_500)]
    [InlineData(null, "192.0.2.1", 1_000)]
    [InlineData(0, "192.0.2.1", 1_500)]
    [InlineData(10, "127.0.0.1", 10)]
    public void Limit_ByDefault_IsNotForTheMachineItself(int? limit, string address, int expected)
    {
        var limiter = Limiter(new() { MaxConnectionsPerAddress = limit });

        Enumerable.Range(0, 1_500).Count(attempt => Enters(limiter, address)).Should().Be(expected);
    }

    [Fact]
    public async Task Connections_ManyAtOnce_AreNeverMoreThanTheLimitAndLeaveNothingBehind()
    {
        var limiter = Limiter(new() { MaxConnectionsPerAddress = 3 });
        var inside = 0;
        var most = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var count = 0; count < 20_000; count++)
            {
                if (limiter.TryEnter(At("192.0.2.1"), out var registration))
                {
                    var now = Interlocked.Increment(ref inside);
                    int seen;
                    while (now > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, now, seen) != seen)
                    {
                    }

                    Interlocked.Decrement(ref inside);
                    limiter.Release(registration);
                }
            }
        })));

        most.Should().BeInRange(1, 3);
        limiter.Addresses.Should().Be(0, "an address without a connection is not remembered");
    }

    [Fact]
    public void Limits_Changed_CountForTheNextConnection()
    {
        var options = new CurrentOptions(new BlueGreenOptions { Listen = new ListenerOptions { MaxConnections = 1 } });
        var limiter = new ConnectionLimiter(options, new DescriptorBudget(), TimeProvider.System, NullLogger<ConnectionLimiter>.Instance);
        Enters(limiter, "192.0.2.1").Should().BeTrue();
        Enters(limiter, "192.0.2.2").Should().BeFalse();

        options.Replace(new BlueGreenOptions { Listen = new ListenerOptions { MaxConnections = 2 } });

        Enters(limiter, "192.0.2.2").Should().BeTrue();
        Enters(limiter, "192.0.2.3").Should().BeFalse();
    }

    private static bool Enters(ConnectionLimiter limiter, string address) => limiter.TryEnter(At(address), out _);

    private static IPEndPoint At(string address) => new(IPAddress.Parse(address), 40_000);

    private static ConnectionLimiter Limiter(ListenerOptions listen, params string[] proxies) => Limiter(listen, new DescriptorBudget(), proxies);

    private static ConnectionLimiter Limiter(ListenerOptions listen, DescriptorBudget budget, params string[] proxies) => new(
        new CurrentOptions(new BlueGreenOptions { Listen = listen, Forwarding = new() { TrustedProxies = NetworkSet.Of(proxies) } }),
        budget,
        TimeProvider.System,
        NullLogger<ConnectionLimiter>.Instance);
}
