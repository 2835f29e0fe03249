using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Tests.Observability;

/// <summary>The numbers of routes.</summary>
public sealed class StratumNamesTests
{
    [Fact]
    public void Add_FewNames_NoneShareANumber()
    {
        for (var round = 0; round < 50; round++)
        {
            var names = new StratumNames(StratifyBy.Route);
            var routes = Enumerable.Range(0, 60).Select(index => $"route-{round}-{index}").ToList();

            var numbers = routes.ConvertAll(names.Add);

            numbers.Should().OnlyHaveUniqueItems();
            routes.ConvertAll(names.Add).Should().Equal(numbers);
            routes.Select((route, index) => names.NameOf(numbers[index])).Should().Equal(routes.Select(route => $"route {route}"));
        }
    }

    [Fact]
    public void Add_MoreNamesThanNumbers_SaysThatSomeShareOne()
    {
        var names = new StratumNames(StratifyBy.Route);

        var numbers = Enumerable.Range(0, 5000).Select(index => names.Add($"r{index}")).Distinct().ToList();

        numbers.Should().HaveCount(StratumNames.Count);
        numbers.Select(number => names.NameOf(number)).Should().Contain(name => name.StartsWith("several routes, such as r", StringComparison.Ordinal));
    }

    // Another process has seen the routes in another order.
    [Fact]
    public void Restore_NumbersOfTheLastProcess_AreThoseOfThisOne()
    {
        var last = new StratumNames(StratifyBy.Route);
        var stored = Enumerable.Range(0, 100).Select(index => $"r{index}").ToDictionary(name => name, name => last.Add(name));
        var names = new StratumNames(StratifyBy.Route);

        foreach (var (name, number) in stored)
        {
            names.Restore(number, name);
        }

        foreach (var name in stored.Keys.Reverse())
        {
            names.Add(name).Should().Be(stored[name]);
        }
    }

    [Fact]
    public async Task Add_ByManyAtOnce_GivesEachNameOneNumber()
    {
        var names = new StratumNames(StratifyBy.Route);
        var routes = Enumerable.Range(0, 100).Select(index => $"r{index}").ToList();

        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() => routes.OrderBy(route => (route, worker).GetHashCode()).ToDictionary(route => route, names.Add))));

        foreach (var route in routes)
        {
            given.Select(numbers => numbers[route]).Distinct().Should().ContainSingle();
        }

        given[0].Values.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void NameOf_TextOfAClient_IsOneLineThatTurnsNothingAround()
    {
        var names = new StratumNames(new StratifyBy(StratifyKind.Header, "X-Tenant"));

        names.NameOf(names.Add("a\u202eevil\u0007\u2028b" + new string('x', 8000))).Should().HaveLength("X-Tenant ".Length + 100).And.StartWith("X-Tenant a evil  b");
    }
}
