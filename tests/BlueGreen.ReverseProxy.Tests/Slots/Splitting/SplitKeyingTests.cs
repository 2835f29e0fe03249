using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Slots.Splitting;

public sealed class SplitKeyingTests
{
    // From another implementation of XXH64: whoever computes the share of a client elsewhere gets these.
    [Theory]
    [InlineData("r1-394f28", "203.0.113.7", 86294535239645988UL, 5988)]
    [InlineData("r1-394f28", "2001:db8::1", 5105409782656046622UL, 6622)]
    [InlineData("r2-9c01aa", "203.0.113.7", 10322930882255562084UL, 2084)]
    [InlineData("r1-394f28", "customer-4711", 15791346249488382520UL, 2520)]
    [InlineData("r1-394f28", "Zoë", 18199340010926377725UL, 7725)]
    [InlineData("r1-394f28", "", 16599439294819097766UL, 7766)]
    public void Hash_OfAKey_IsTheOneThatIsWrittenDown(string release, string key, ulong hash, int bucket)
    {
        var keying = new SplitKeying(release, TrafficKeyKind.Client);

        keying.Hash(key).Should().Be(hash);
        new SplitKey(keying.Hash(key)).Bucket.Should().Be(bucket);
    }

    [Fact]
    public void Hash_OfAKeyThatIsLongerThanTheStackHolds_IsThatOfAllOfIt()
    {
        var keying = new SplitKeying("r1-394f28", TrafficKeyKind.Client);
        var key = new string('x', 100_000);

        keying.Hash(key).Should().NotBe(keying.Hash(key.AsSpan(1)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5_000)]
    public void Takes_OfManyKeys_HoldsTheShareAndOnlyGrows(int weight)
    {
        const int Keys = 100_000;
        var watch = new SplitWatch(isByRequest: false, TimeProvider.System);
        var keying = new SplitKeying("r1-394f28", TrafficKeyKind.Header, "X-Client");
        var split = new TrafficSplit(Contracts.SlotName.Green, weight, keying, watch);
        var keys = Enumerable.Range(0, Keys).Select(key => new SplitKey(keying.Hash(key.ToString(CultureInfo.InvariantCulture)))).ToList();
        var share = weight / (double)TrafficSplit.Whole;

        var taken = keys.Where(key => split.Takes(key)).ToList();

        taken.Count.Should().BeInRange((int)((Keys * share) - (5 * Math.Sqrt(Keys * share))), (int)((Keys * share) + (5 * Math.Sqrt(Keys * share))) + 1);
        var next = split with { Weight = weight + 1 };
        taken.TrueForAll(key => next.Takes(key)).Should().BeTrue("nobody goes back while the weight grows");
    }

    // Otherwise the clients that are first to see every new version are always the same.
    [Fact]
    public void Takes_OfAnotherRelease_PicksOtherClients()
    {
        var watch = new SplitWatch(isByRequest: false, TimeProvider.System);
        HashSet<int> PickedBy(string release)
        {
            var split = new TrafficSplit(Contracts.SlotName.Green, 1_000, new SplitKeying(release, TrafficKeyKind.Client), watch);
            return [.. Enumerable.Range(0, 10_000).Where(client => split.Takes(new SplitKey(split.Keying.Hash(client.ToString(CultureInfo.InvariantCulture)))))];
        }

        var (first, second) = (PickedBy("r1-394f28"), PickedBy("r2-9c01aa"));

        first.Intersect(second).Count().Should().BeInRange(50, 150, "of 10,000 clients with two independent draws of 10 % some 100 are drawn twice");
    }
}
