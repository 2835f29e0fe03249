using Xunit.Abstractions;

// Most of the time of a test is waiting for a probe, a drain or a process: five at a time keep two cores busy, and leave the tests that
// measure how fast something answers enough of them.
[assembly: CollectionBehavior(MaxParallelThreads = 5)]
[assembly: TestCollectionOrderer("BlueGreen.Gateway.FunctionalTests.LongestFirst", "BlueGreen.Gateway.FunctionalTests")]

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// Begins with the classes that take a minute or more, most of it waiting. The tests of a class run one after the other: a long class
/// that began last would run alone at the end, with both cores idle.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly HashSet<string> Longest = new(StringComparer.Ordinal)
    {
        nameof(BakeTests),
        nameof(TokenReloadTests),
        nameof(RestartTests),
        nameof(SwitchUnderLoadTests),
        nameof(WebSocketDrainTests),
    };

    /// <summary>A class is a collection: "Test collection for BlueGreen.Gateway.FunctionalTests.BakeTests".</summary>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(collection => Longest.Contains(collection.DisplayName.Split('.')[^1]));
}
