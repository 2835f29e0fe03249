using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The configuration of a host of one's own, which reads its files by its own means.</summary>
public sealed class HostReloadTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task File_IsGoneOrHasNothing_EverythingStaysAndTheStatusSaysSo(string? content)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        var before = await File.ReadAllTextAsync(gateway.ConfigFile);
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        if (content is null)
        {
            File.Delete(gateway.ConfigFile);
        }
        else
        {
            await File.WriteAllTextAsync(gateway.ConfigFile, content);
        }

        gateway.Get<IConfiguration>().As<IConfigurationRoot>().Reload();
        await gateway.UntilOutputAsync("there is no BlueGreen:Services any more");

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        (await gateway.Admin.StatusAsync()).Warnings.Should().Contain(warning => warning.Contains("there is no BlueGreen:Services any more", StringComparison.Ordinal));

        await File.WriteAllTextAsync(gateway.ConfigFile, before);
        gateway.Get<IConfiguration>().As<IConfigurationRoot>().Reload();
        await gateway.Admin.UntilAsync(status => !status.Warnings.Any(warning => warning.Contains("any more", StringComparison.Ordinal)));
    }
}
