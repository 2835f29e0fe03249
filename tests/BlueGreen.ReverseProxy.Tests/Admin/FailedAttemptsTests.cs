using System.Net;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Admin;

public sealed class FailedAttemptsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Add_MoreThanAllowedWithinTheWindow_HasToWaitUntilTheFirstOneIsAMinuteOld()
    {
        var attempts = new FailedAttempts(_time);
        for (var count = 0; count < FailedAttempts.Allowed; count++)
        {
            attempts.Add(Client("10.0.0.1")).Should().BeNull();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        attempts.Add(Client("10.0.0.1")).Should().Be(TimeSpan.FromSeconds(50));
        _time.Advance(TimeSpan.FromSeconds(50));

        // The window slides: one second frees one attempt, not ten.
        attempts.Add(Client("10.0.0.1")).Should().BeNull();
        attempts.Add(Client("10.0.0.1")).Should().Be(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Add_OfAnotherClient_IsCountedByItself()
    {
        var attempts = new FailedAttempts(_time);
        for (var count = 0; count <= FailedAttempts.Allowed; count++)
        {
            attempts.Add(Client("10.0.0.1"));
        }

        attempts.Add(Client("10.0.0.1")).Should().NotBeNull();
        attempts.Add(Client("10.0.0.2")).Should().BeNull();
        attempts.Add(ClientNetwork.Of(null)).Should().BeNull();
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("0.0.0.1", "::1", false)]
    public void ClientNetwork_OfTwoAddresses_IsOneWhereOneClientHasBoth(string one, string other, bool isSame)
    {
        (Client(one) == Client(other)).Should().Be(isSame);
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2::/64")]
    public void ClientNetwork_AsText_IsWhatAnOperatorCanBlock(string address, string text)
    {
        Client(address).ToString().Should().Be(text);
    }

    [Fact]
    public void Add_OfMoreClientsThanAreRemembered_KeepsTheMemoryBoundedAndStillThrottles()
    {
        var attempts = new FailedAttempts(_time, maxClients: 100);
        var throttled = 0;
        for (var count = 0; count < 10_000; count++)
        {
            throttled += attempts.Add(Client(new IPAddress(count + 1).ToString())) is null ? 0 : 1;
        }

        attempts.Clients.Should().Be(100);
        throttled.Should().Be(10_000 - 100 - FailedAttempts.Allowed, "all that are too many share one count");
        _time.Advance(FailedAttempts.Window);
        attempts.Add(Client("192.168.0.1")).Should().BeNull();
        attempts.Clients.Should().Be(1, "those whose minute is over are forgotten");
    }

    // The ring against the definition: at most ten answers of 401 in any minute, and none refused without need.
    [Fact]
    public void Add_AnyTimes_AreRefusedExactlyWhenTenWereLetThroughInTheMinuteBefore()
    {
        Gen.Choose(0, 15_000).HoldsForSequences(
            steps =>
            {
                var time = new ManualTime();
                var attempts = new FailedAttempts(time);
                var let = new List<TimeSpan>();
                var now = TimeSpan.Zero;
                foreach (var step in steps)
                {
                    now += TimeSpan.FromMilliseconds(step);
                    time.Advance(TimeSpan.FromMilliseconds(step));
                    var recent = let.Where(at => now - at < FailedAttempts.Window).ToList();
                    var wait = attempts.Add(Client("10.0.0.1"));
                    if (recent.Count < FailedAttempts.Allowed)
                    {
                        wait.Should().BeNull();
                        let.Add(now);
                    }
                    else
                    {
                        wait.Should().Be(FailedAttempts.Window - (now - recent[0]));
                    }
                }
            },
            tests: 200,
            length: 60);
    }

    private static ClientNetwork Client(string address) => ClientNetwork.Of(IPAddress.Parse(address));
}
