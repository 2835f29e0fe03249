using System.Text.RegularExpressions;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>deploy/systemd, as far as it can be had without systemd as the first process.</summary>
public sealed class SystemdTests : IDisposable
{
    // How long a stop may take beyond Delay and Timeout (docs/operations.md, "Stopping").
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(20);

    private static readonly string Units = Repository.PathOf("deploy", "systemd");

    private readonly TemporaryFolder _folder = new();

    // Keys that systemd does not know are ignored by it, and a line on the error output.
    [ToolsFact("systemd-analyze", "bash")]
    public async Task EveryUnit_Verified_HasNoKeyThatSystemdDoesNotKnow()
    {
        foreach (var unit in Directory.GetFiles(Units, "bluegreen*"))
        {
            var text = await File.ReadAllTextAsync(unit);
            await File.WriteAllTextAsync(_folder.File(Path.GetFileName(unit)), text.Replace("/opt/bluegreen/%i/BlueGreen.Gateway", "/bin/true", StringComparison.Ordinal));
        }

        var verified = (await Scripts.RunAsync("systemd-analyze verify --man=no ./bluegreen@a.service ./bluegreen@b.service 2>&1", _folder.Path, "/bin")).ShouldEndWith(0);

        // Units of the machine itself may have faults of their own.
        verified.Out.Should().NotContain("bluegreen");
    }

    [Fact]
    public async Task Service_ToldToStop_HasTheTimeThatItMayTake()
    {
        var unit = await File.ReadAllTextAsync(Path.Combine(Units, "bluegreen@.service"));

        TimeSpan Setting(string name) => TimeSpan.Parse(Value(unit, $"Environment=BlueGreen__Shutdown__{name}"), System.Globalization.CultureInfo.InvariantCulture);
        TimeSpan.FromSeconds(int.Parse(Value(unit, "TimeoutStopSec"), System.Globalization.CultureInfo.InvariantCulture))
            .Should().BeGreaterThanOrEqualTo(Setting("Delay") + Setting("Timeout") + StopMargin);
    }

    public void Dispose() => _folder.Dispose();

    private static string Value(string unit, string key) => Regex.Match(unit, $"(?m)^{Regex.Escape(key)}=(.*?)\r?$", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;
}
