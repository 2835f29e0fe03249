using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Connecting;

/// <summary>What is known of the names of destinations while name servers answer, fail and hang.</summary>
public sealed class DestinationNamesTests
{
    private const string Host = "orders.internal";

    private readonly Names _server = new();
    private readonly ManualTime _time = new();
    private readonly CollectedLog<DestinationNames> _log = new();

    [Fact]
    public async Task Resolve_NameThatIsKnown_IsNotLookedUpAgain()
    {
        _server.Set(Host, "10.0.0.2", "10.0.0.1");
        var names = Create();

        (await AddressesAsync(names)).Should().Equal("10.0.0.1", "10.0.0.2");
        (await AddressesAsync(names)).Should().Equal("10.0.0.1", "10.0.0.2");

        _server.Asked.Should().Equal(Host);
    }

    [Fact]
    public async Task Resolve_Afresh_AsksAgain()
    {
        _server.Set(Host, "10.0.0.1");
        var names = Create();
        await AddressesAsync(names);
        _server.Set(Host, "10.0.0.9");

        (await names.ResolveAsync([Host], afresh: true))[Host].Addresses.Should().Equal(IPAddress.Parse("10.0.0.9"));
    }

    [Fact]
    public async Task Refresh_OtherAddresses_IsNewsUntilItIsTaken()
    {
        _server.Set(Host, "10.0.0.1");
        var names = Create();
        await AddressesAsync(names);
        names.HasNews.Should().BeFalse();

        _server.Set(Host, "10.0.0.2");
        await names.RefreshAsync();

        names.HasNews.Should().BeTrue();
        (await AddressesAsync(names)).Should().Equal("10.0.0.2");
        names.HasNews.Should().BeFalse();
    }

    [Fact]
    public async Task Refresh_SameAddressesInAnotherOrder_IsNoNews()
    {
        _server.Set(Host, "10.0.0.1", "10.0.0.2");
        var names = Create();
        await AddressesAsync(names);

        _server.Set(Host, "10.0.0.2", "10.0.0.1", "10.0.0.2");
        await names.RefreshAsync();

        names.HasNews.Should().BeFalse();
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("is empty")]
    [InlineData("is refused")]
    public async Task Refresh_WithoutAUsableAnswer_KeepsTheLastAddressesAndSaysSoOnce(string answer)
    {
        _server.Set(Host, "10.0.0.1");
        var names = Create();
        await AddressesAsync(names);
        _server.Set(Host, () => answer == "fails" ? throw new SocketException((int)SocketError.TryAgain)
            : Task.FromResult<IPAddress[]>(answer == "is empty" ? [] : [IPAddress.Parse("169.254.169.254")]));

        await names.RefreshAsync();
        await names.RefreshAsync();

        names.HasNews.Should().BeFalse();
        (await AddressesAsync(names)).Should().Equal("10.0.0.1");
        _log.Lines.Where(line => line.Level == LogLevel.Warning).Should().ContainSingle().Which.Text.Should().Contain($"{Host} stay at their last addresses (10.0.0.1)");
    }

    [Fact]
    public async Task Refresh_FailsAgainAfterAnAnswer_SaysSoAgain()
    {
        _server.Set(Host, "10.0.0.1");
        var names = Create();
        await AddressesAsync(names);
        for (var outage = 0; outage < 2; outage++)
        {
            _server.Set(Host, () => throw new SocketException((int)SocketError.TryAgain));
            await names.RefreshAsync();
            _server.Set(Host, "10.0.0.1");
            await names.RefreshAsync();
        }

        _log.Lines.Count(line => line.Level == LogLevel.Warning).Should().Be(2);
    }

    [Fact]
    public async Task Resolve_NameThatIsNotThere_IsAnErrorOnceAndIsPickedUpLater()
    {
        var names = Create();

        var answer = (await names.ResolveAsync([Host]))[Host];
        await names.RefreshAsync();

        answer.Addresses.Should().BeEmpty();
        answer.Problem.Should().StartWith($"name does not resolve: {Host} (");
        _log.Lines.Should().ContainSingle().Which.Should().Match<LogLine>(line => line.Level == LogLevel.Error && line.Text.Contains(Host));
        names.HasNews.Should().BeFalse();
        names.UntilRefresh.Should().Be(TimeSpan.FromSeconds(5));

        _server.Set(Host, "10.0.0.1");
        await names.RefreshAsync();
        names.HasNews.Should().BeTrue();
        (await AddressesAsync(names)).Should().Equal("10.0.0.1");
        names.UntilRefresh.Should().Be(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Resolve_NameServerHangs_GoesOnAfterTheTimeoutAndTakesTheLateAnswer()
    {
        var hanging = new TaskCompletionSource<IPAddress[]>();
        _server.Set(Host, () => hanging.Task);
        _server.Set("other.internal", "10.0.0.7");
        var names = Create();

        var resolving = names.ResolveAsync([Host, "other.internal"]);

        // The lookups run on the pool: the other one has to have its answer before the time is over.
        await names.ResolveAsync(["other.internal"]).WaitAsync(TestTime.Limit);
        await _time.UntilWaitedForAsync(DestinationNames.LookupTimeout);
        _time.Advance(DestinationNames.LookupTimeout);

        var answers = await resolving.WaitAsync(TestTime.Limit);
        answers[Host].Problem.Should().Be($"name does not resolve: {Host} (no answer within 5 s)");
        answers["other.internal"].Addresses.Should().ContainSingle("one name that hangs must not take another one's answer");

        hanging.SetResult([IPAddress.Parse("10.0.0.1")]);
        await names.RefreshAsync().WaitAsync(TestTime.Limit);
        names.HasNews.Should().BeTrue();
        (await AddressesAsync(names)).Should().Equal("10.0.0.1");
    }

    // Each lookup may block a thread: as long as one hangs, no second one begins for its name.
    [Fact]
    public async Task Refresh_WhileALookupHangs_StartsNoSecondOne()
    {
        _server.Set(Host, () => new TaskCompletionSource<IPAddress[]>().Task);
        var names = Create();
        for (var round = 0; round < 3; round++)
        {
            var refresh = round == 0 ? names.ResolveAsync([Host]) : names.RefreshAsync();
            await _time.UntilWaitedForAsync(DestinationNames.LookupTimeout);
            _time.Advance(DestinationNames.LookupTimeout);
            await refresh.WaitAsync(TestTime.Limit);
        }

        _server.Asked.Should().Equal(Host);
    }

    [Fact]
    public async Task Resolve_MoreNamesThanMayBeLookedUpAtOnce_AsksForTheOthersWhenTheirTurnComes()
    {
        var hanging = new TaskCompletionSource<IPAddress[]>();
        var hosts = Enumerable.Range(0, 30).Select(number => $"n{number}.internal").ToList();
        hosts.ForEach(host => _server.Set(host, () => hanging.Task));
        var names = Create();

        var resolving = names.ResolveAsync(hosts);
        await _time.UntilWaitedForAsync(DestinationNames.LookupTimeout);
        _time.Advance(DestinationNames.LookupTimeout);
        await resolving.WaitAsync(TestTime.Limit);
        _server.Asked.Should().HaveCountLessThanOrEqualTo(8);

        hanging.SetResult([IPAddress.Parse("10.0.0.1")]);
        await names.RefreshAsync().WaitAsync(TestTime.Limit);
        (await names.ResolveAsync(hosts)).Values.Should().OnlyContain(answer => answer.Addresses.Length == 1);
    }

    [Fact]
    public async Task KeepOnly_LooksUpNoOtherNames()
    {
        _server.Set(Host, "10.0.0.1");
        _server.Set("gone.internal", "10.0.0.2");
        var names = Create();
        await names.ResolveAsync([Host, "gone.internal"]);

        names.KeepOnly([Host]);
        _server.Asked.Clear();
        await names.RefreshAsync();

        _server.Asked.Should().Equal(Host);
        names.HasNews.Should().BeFalse("to forget is no reason to load again");
    }

    // A refresh may find something between the reading of a load and its end.
    [Fact]
    public async Task KeepOnly_NewsSinceTheLoadBegan_StaysNews()
    {
        _server.Set(Host, "10.0.0.1");
        var names = Create();
        await AddressesAsync(names);
        _server.Set(Host, "10.0.0.2");
        await names.RefreshAsync();

        names.KeepOnly([Host]);

        names.HasNews.Should().BeTrue();
    }

    private DestinationNames Create() => new(new DestinationOptions(), _server.LookUpAsync, _time, _log);

    private static async Task<IEnumerable<string>> AddressesAsync(DestinationNames names) =>
        (await names.ResolveAsync([Host]).WaitAsync(TestTime.Limit))[Host].Addresses.Select(address => address.ToString());
}
