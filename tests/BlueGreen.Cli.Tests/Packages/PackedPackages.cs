using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Packages;

/// <summary>The packages, made once for all tests from what the tests' own build has made.</summary>
public sealed class PackedPackages : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static IReadOnlyList<string> Names { get; } = ["BlueGreen.Contracts", "BlueGreen.AspNetCore", "BlueGreen.ReverseProxy", "BlueGreen.Cli"];

    /// <summary>A folder outside of the repository; the packages are in <c>feed</c>, and nothing is restored from anywhere else.</summary>
    public string Folder => _folder.Path;

    /// <summary>Where the machine keeps the packages that it has restored: what else an application needs comes from there.</summary>
    public static string Cache { get; } = FindCache();

    /// <summary>One that was never made before: the machine may have restored packages of an ordinary version, and would take those.</summary>
    public string Version { get; } = $"0.0.0-test.{Guid.NewGuid():N}";

    public async Task InitializeAsync()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
        var feed = Path.Combine(Folder, "feed");
        foreach (var name in Names)
        {
            await Dotnet.RunAsync(Repository.Root, "pack", Path.Combine("src", name), "--no-build", "-c", configuration, "-o", feed, $"-p:PackageVersion={Version}", "-v", "quiet");
        }

        await File.WriteAllTextAsync(
            Path.Combine(Folder, "nuget.config"),
            $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="cache" value="{Cache}" /></fallbackPackageFolders>
              <config><add key="globalPackagesFolder" value="{Path.Combine(Folder, "packages")}" /></config>
            </configuration>
            """);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    /// <summary>The files of a package.</summary>
    public IReadOnlyList<string> Files(string name, string extension = "nupkg")
    {
        using var archive = Open(name, extension);
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    public string Read(string name, string file)
    {
        using var archive = Open(name, "nupkg");
        using var reader = new StreamReader(archive.GetEntry(file)!.Open());
        return reader.ReadToEnd();
    }

    /// <summary>What the package says of itself.</summary>
    public IReadOnlyList<XElement> Metadata(string name) => [.. XDocument.Parse(Read(name, $"{name}.nuspec")).Root!.Elements().Single().Elements()];

    /// <summary>The first piece of code in C# after a heading of a page, which readers copy.</summary>
    public static string Snippet(string page, string heading)
    {
        var text = File.ReadAllText(Repository.PathOf(page));
        var section = text[text.IndexOf(heading, StringComparison.Ordinal)..];
        const string Begin = "```csharp\n";
        var code = section[(section.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..];
        return code[..code.IndexOf("```", StringComparison.Ordinal)];
    }

    private ZipArchive Open(string name, string extension) =>
        ZipFile.OpenRead(Directory.GetFiles(Path.Combine(Folder, "feed"), $"{name}.*.{extension}").Single());

    private static string FindCache()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("src", "BlueGreen.ReverseProxy", "obj", "project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }
}
