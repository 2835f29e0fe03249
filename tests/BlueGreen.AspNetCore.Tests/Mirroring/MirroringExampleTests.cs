using System.Text.RegularExpressions;
using BlueGreen.AspNetCore.Mirroring;
using Microsoft.AspNetCore.Builder;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>The example of the documentation compiles and does what it shows.</summary>
public sealed class MirroringExampleTests
{
    [Theory]
    [InlineData("docs/mirror.md")]
    [InlineData("src/BlueGreen.AspNetCore/README.md")]
    public void Example_OfThePage_IsTheOneThatIsCompiled(string page)
    {
        var text = File.ReadAllText(Path.Combine(Repository(), page)).ReplaceLineEndings("\n");

        text.Should().Contain(Snippet("application")).And.Contain(Snippet("class"));
    }

    // What the page tells people with other languages to check their code with is what this package accepts.
    [Fact]
    public void TestVector_OfThePage_IsValid()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "docs/mirror.md"));

        var mark = Regex.Match(text, "^mark = \"(?<mark>.+)\"", RegexOptions.Multiline).Groups["mark"].Value;
        var check = Regex.Match(text, @"^assert is_mirrored\(mark, ""(?<service>.+)"", \[""(?<key>.+)""\]\)", RegexOptions.Multiline);

        new MirrorMarkVerifier(check.Groups["service"].Value, [check.Groups["key"].Value]).IsValid(mark).Should().BeTrue();
    }

    [Fact]
    public async Task Example_ForAMirroredRequest_SendsAndChargesNothing()
    {
        await using var app = MirroringExample.Build(["--urls", "http://127.0.0.1:0", "--BlueGreen:Mirroring:Service", "orders", "--BlueGreen:Mirroring:Keys:0", Marks.Key, "--Logging:LogLevel:Default", "None"]);
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        (await PostAsync("/orders", isMirrored: false)).Should().Be((200, "sent"));
        (await PostAsync("/orders", isMirrored: true)).Should().Be((200, "not sent"));
        (await PostAsync("/payments", isMirrored: false)).Should().Be((200, "\"charged\""));
        (await PostAsync("/payments", isMirrored: true)).Should().Be((204, ""));

        async Task<(int, string)> PostAsync(string path, bool isMirrored)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            if (isMirrored)
            {
                request.Headers.Add(Marks.Header, Marks.Sign());
            }

            using var response = await client.SendAsync(request);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    private static string Snippet(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository(), "tests", "BlueGreen.AspNetCore.Tests", "Mirroring", "MirroringExample.cs"))
            .SkipWhile(line => line.Trim() != $"// begin of the {name}").Skip(1).TakeWhile(line => line.Trim() != $"// end of the {name}").ToList();
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indent..]));
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "BlueGreen.Gateway.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose pages they read.");
        }

        return folder.FullName;
    }
}
