using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen audit</c>.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Audit_ListsNewestFirstWithWhoWhatAndWhy()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--reason", "ticket 4711", "--force", "--wait", "completed")).ShouldEndWith(0);

        var result = (await fleet.BlueGreenAsync("audit")).ShouldEndWith(0);

        result.Lines[0].Should().MatchRegex("^# +WHEN \\(UTC\\) +WHO +ACTION +RESULT +SERVICES +RELEASE +WHY$");
        result.Lines.Should().Contain(line => line.Contains("anonymous", StringComparison.Ordinal) && line.Contains("cutover (forced)", StringComparison.Ordinal)
            && line.Contains("accepted", StringComparison.Ordinal) && line.Contains(" orders ", StringComparison.Ordinal) && line.Contains("ticket 4711", StringComparison.Ordinal));
        result.Lines.Skip(1).Select(line => int.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).Should().BeInDescendingOrder();
    }

    [Fact]
    public async Task Audit_OfOneService_FindsItsEntriesOnLaterPagesToo()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"));
        (await fleet.BlueGreenAsync("cutover", "orders", "--force", "--wait", "completed")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("cutover", "billing", "--force", "--wait", "completed")).ShouldEndWith(0);

        var json = (await fleet.BlueGreenAsync("audit", "--service", "ORDERS", "--limit", "2", "-o", "json")).ShouldEndWith(0).Json;

        json.GetArrayLength().Should().Be(2);
        json.EnumerateArray().Should().OnlyContain(entry => entry.GetProperty("services")[0].GetString() == "orders");
        (await fleet.BlueGreenAsync("audit", "--service", "ordres")).ShouldEndWith(64).Error.Should().Contain("Did you mean orders?");
        (await fleet.BlueGreenAsync("audit", "--limit", "0")).ShouldEndWith(64);
    }

    [LinuxFact]
    public async Task Audit_Followed_TellsWhatComesUntilCtrlC()
    {
        await using var fleet = await Fleet.HostAsync();
        using var audit = fleet.Start("audit", "--follow", "-o", "json", "--limit", "1");
        (await fleet.BlueGreenAsync("cutover", "--force", "--reason", "first")).ShouldEndWith(0);
        await audit.UntilAsync("first");
        (await fleet.BlueGreenAsync("rollback", "orders", "--reason", "second")).ShouldEndWith(0);
        await audit.UntilAsync("second");

        audit.Interrupt();

        var entries = (await audit.EndAsync()).ShouldEndWith(0).Json.EnumerateArray().Select(entry => entry.GetProperty("sequence").GetInt64()).ToList();
        entries.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }
}
