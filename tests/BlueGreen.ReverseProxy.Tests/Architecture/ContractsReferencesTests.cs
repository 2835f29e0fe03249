using System.Reflection;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>The command line client shares the contracts; it is no web application and must not become one through them.</summary>
public sealed class ContractsReferencesTests
{
    [Fact]
    public void Contracts_ReferenceNothingOfAspNetCoreOrYarpOrTheGateway()
    {
        WebReferencesOf(typeof(Release).Assembly).Should().BeEmpty();
    }

    // The check itself: the library does reference them.
    [Fact]
    public void Check_OfTheLibrary_FindsItsReferences()
    {
        WebReferencesOf(typeof(RoutingTable).Assembly).Should().Contain(["Yarp.ReverseProxy", "Microsoft.AspNetCore.Http.Abstractions", "BlueGreen.Contracts"]);
    }

    private static IEnumerable<string> WebReferencesOf(Assembly assembly) => assembly.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => name.StartsWith("Microsoft.", StringComparison.Ordinal)
            || name.StartsWith("Yarp.", StringComparison.Ordinal)
            || name.StartsWith("BlueGreen.", StringComparison.Ordinal));
}
