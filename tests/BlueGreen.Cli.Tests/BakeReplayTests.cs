using System.Globalization;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen bake replay</c>: the same recording under other settings.</summary>
public sealed class BakeReplayTests : IDisposable
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Replay_OfAReleaseThatFailed_EndsWith3AndSaysWhenAndWhy()
    {
        var file = await RecordAsync(bad: 10);

        var replay = await BlueGreenProcess.RunAsync(["bake", "replay", file]);

        replay.ShouldEndWith(3).Out.Should().MatchRegex(@"^Would have been rolled back [\d.]+ s after the switch: \d+ of \d+ responses failed on green");
    }

    [Fact]
    public async Task Replay_OfAReleaseThatWasGood_EndsWith0()
    {
        var file = await RecordAsync(bad: 0);

        (await BlueGreenProcess.RunAsync(["bake", "replay", file])).ShouldEndWith(0).Out.Should().StartWith("Would have passed, with 1000 responses.");
    }

    // What an operator does with it: how much wider would the margin have to be?
    [Fact]
    public async Task Replay_WithAnotherSetting_JudgesByIt()
    {
        var file = await RecordAsync(bad: 10);

        (await BlueGreenProcess.RunAsync(["bake", "replay", file, "--set", "AbsoluteMargin=0.2"])).ShouldEndWith(0);
    }

    [Fact]
    public async Task Replay_OfAFolderWithAConfiguration_IsOneDocument()
    {
        await RecordAsync(bad: 10);
        var config = _folder.File("gateway.json");
        await File.WriteAllTextAsync(config, """{ "BlueGreen": { "Services": { "orders": { "Blue": "b", "Green": "g" } } } }""");

        var replay = await BlueGreenProcess.RunAsync(["bake", "replay", _folder.Path, "--config", config, "-o", "json"]);

        var document = replay.ShouldEndWith(3).Json;
        document.GetProperty("outcome").GetString().Should().Be("rolledBack");
        document.GetProperty("metric").GetString().Should().Be("5xx");
        document.GetProperty("failedAfterSeconds").GetDouble().Should().BeGreaterThan(0);
        document.GetProperty("figures").GetProperty("metrics")[0].GetProperty("bad").GetInt64().Should().BeGreaterThan(1);
    }

    [Theory]
    [InlineData("nowhere.csv", "nowhere.csv can't be judged")]
    [InlineData("bad.csv", "Line 1 ")]
    public async Task Replay_OfNoRecording_EndsWith64AndSaysWhatIsWrong(string name, string said)
    {
        await File.WriteAllTextAsync(_folder.File("bad.csv"), "what,is,this\n");

        (await BlueGreenProcess.RunAsync(["bake", "replay", _folder.File(name)])).ShouldEndWith(64).Error.Should().Contain(said);
    }

    [Fact]
    public async Task Replay_WithASettingThatIsNotAllowed_EndsWith64AndNamesTheKey()
    {
        var file = await RecordAsync(bad: 0);

        (await BlueGreenProcess.RunAsync(["bake", "replay", file, "--set", "Alpha=2"])).ShouldEndWith(64).Error.Should().Contain("Bake:Alpha");
    }

    // Two thousand good ones of blue, then a thousand of green, of which so many hundredths fail, evenly, from eight clients.
    private async Task<string> RecordAsync(int bad)
    {
        var file = _folder.File("orders.csv");
        var lines = Enumerable.Range(0, 3000).Select(index => string.Create(
            CultureInfo.InvariantCulture,
            $"{Start.AddMilliseconds(index * 10):yyyy-MM-ddTHH:mm:ss.fffZ},{(index < 2000 ? "blue" : "green")},{(index >= 2000 && index * bad % 100 < bad ? 500 : 200)},,12.5,c{index % 8}"));
        await File.WriteAllLinesAsync(file, ["time,slot,status,ending,ms,client", .. lines]);
        return file;
    }
}
