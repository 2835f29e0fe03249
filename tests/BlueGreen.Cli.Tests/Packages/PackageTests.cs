using System.Text.RegularExpressions;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Packages;

/// <summary>The packages as somebody has them who knows nothing of this repository.</summary>
public sealed partial class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    [Theory]
    [InlineData("BlueGreen.Contracts")]
    [InlineData("BlueGreen.AspNetCore")]
    [InlineData("BlueGreen.ReverseProxy")]
    [InlineData("BlueGreen.Cli")]
    public void Package_SaysWhatItIs(string name)
    {
        var metadata = packages.Metadata(name).ToLookup(element => element.Name.LocalName, element => element.Value);

        metadata["version"].Should().Equal(packages.Version);
        metadata["readme"].Should().Equal("README.md");
        metadata["icon"].Should().Equal("icon.png");
        metadata["description"].Single().Should().NotBeEmpty().And.NotStartWith("Package Description");
        metadata["tags"].Single().Should().Contain("blue-green");
        packages.Files(name).Should().Contain(["README.md", "icon.png"]);
        packages.Files(name, "snupkg").Should().Contain(file => file.EndsWith(".pdb", StringComparison.Ordinal));
        if (name != "BlueGreen.Cli")
        {
            packages.Files(name).Should().Contain([$"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml"]);
        }
    }

    // Shown on the pages of a feed, where no other file of the repository is.
    [Theory]
    [InlineData("BlueGreen.Contracts")]
    [InlineData("BlueGreen.AspNetCore")]
    [InlineData("BlueGreen.ReverseProxy")]
    [InlineData("BlueGreen.Cli")]
    public void Readme_OfAPackage_LinksToNothingInTheRepository(string name)
    {
        var links = Links().Matches(packages.Read(name, "README.md")).Select(link => link.Groups["to"].Value);

        links.Where(link => !link.StartsWith("https://", StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void Readme_OfTheLibrary_HasTheSnippetOfTheRepository()
    {
        packages.Read("BlueGreen.ReverseProxy", "README.md").ReplaceLineEndings("\n").Should().Contain(EmbeddingSnippet);
    }

    [Fact]
    public async Task Application_OutsideOfTheRepository_BuildsTheSnippetAndProxies()
    {
        var folder = Directory.CreateDirectory(Path.Combine(packages.Folder, "my-gateway")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "my-gateway.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="BlueGreen.ReverseProxy" Version="{packages.Version}" />
              </ItemGroup>
            {Prune()}
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), EmbeddingSnippet);
        await using var blue = await TestApi.StartAsync("1.0.0");
        await using var green = await TestApi.StartAsync("2.0.0");
        var configuration = Fleet.Configuration(blue.Address, green.Address);
        configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["SessionAffinity"] =
            System.Text.Json.Nodes.JsonNode.Parse("""{ "Enabled": true, "Policy": "HashCookie", "AffinityKeyName": "slot" }""");
        await File.WriteAllTextAsync(Path.Combine(folder, "appsettings.json"), configuration.ToJsonString());

        await Dotnet.RunAsync(folder, "build", "-c", "Release", "-v", "quiet", "-warnaserror");
        await using var gateway = await GatewayProcess.StartHostAsync(Path.Combine(folder, "bin", "Release", "net10.0", "my-gateway.dll"), folder);

        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        using var answer = await client.GetAsync("/orders/x");
        (await answer.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        answer.Headers.GetValues("Set-Cookie").Should().ContainSingle("the hash of the destination comes from System.IO.Hashing").Which.Should().StartWith("slot=");
        (await gateway.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Tool_Installed_Answers()
    {
        var tools = Path.Combine(packages.Folder, "tools");

        await Dotnet.RunAsync(packages.Folder, "tool", "install", "--tool-path", tools, "BlueGreen.Cli", "--version", packages.Version);

        (await Dotnet.RunProgramAsync(Path.Combine(tools, "bluegreen"), packages.Folder, "--version")).Should().MatchRegex(@"^\d+\.\d+\.\d+");
    }

    private static string EmbeddingSnippet => PackedPackages.Snippet("README.md", "## In a host of your own");

    // As the library's README says it; the feed of the test has no other packages.
    private static string Prune()
    {
        var readme = File.ReadAllText(Repository.PathOf("src", "BlueGreen.ReverseProxy", "README.md"));
        const string Begin = "```xml\n";
        var xml = readme[(readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..];
        return xml[..xml.IndexOf("```", StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"\]\((?<to>[^)]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();
}
