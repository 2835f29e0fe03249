namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A configuration that somebody got wrong, and what the gateway says of it.</summary>
/// <param name="Content">The content of <c>gateway.json</c>; null for no file.</param>
/// <param name="Place">Where: the key, the file with line and column, or the argument.</param>
/// <param name="Says">What the line contains: the cause, and the suggestion where there is one.</param>
internal sealed record ConfigurationMistake(string? Content, string Place, params string[] Says)
{
    public const string SeeHelp = "See: BlueGreen.Gateway --help";

    public int ExitCode { get; init; } = 78;

    /// <summary>Further arguments.</summary>
    public string[] Arguments { get; init; } = [];

    public string File { get; init; } = "gateway.json";

    /// <summary>Whether the JSON schema refuses it too: it knows keys and values, not addresses, files and other places.</summary>
    public bool IsRefusedBySchema { get; init; }

    /// <summary>All lines; one, unless one mistake leads to another.</summary>
    public int Lines { get; init; } = 1;

    /// <summary>Writes the file.</summary>
    /// <returns>The gateway's arguments.</returns>
    public string[] WriteTo(TemporaryFolder folder)
    {
        if (Content is not null)
        {
            System.IO.File.WriteAllText(folder.File(File), Content);
        }

        return
        [
            .. Content is null ? [] : new[] { "--config", folder.File(File) },
            $"--BlueGreen:State:Directory={folder.File("state")}",
            .. Arguments.Select(argument => argument.Replace("{folder}", folder.Path, StringComparison.Ordinal)),
        ];
    }

    /// <summary>Starts a gateway with these arguments within this process; what it has to say of them, it says before it opens a port.</summary>
    /// <returns>Its exit code, and the lines of its error output without the last, which names <c>--help</c>.</returns>
    public static async Task<(int ExitCode, IReadOnlyList<string> Lines)> StartAsync(string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await GatewayHost.RunAsync(arguments, output, error).WaitAsync(TestLimits.Wait);
        output.ToString().Should().BeEmpty();
        var lines = error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).ToList();
        lines.Remove(SeeHelp).Should().Be(exitCode == GatewayHost.UsageInvalid);
        return (exitCode, lines);
    }

    /// <summary>Holds the lines of an output against it.</summary>
    public void ShouldBeIn(IReadOnlyList<string> lines, TemporaryFolder folder)
    {
        var all = string.Join('\n', lines).Replace(folder.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        all.Split('\n').Should().Contain(line => line.StartsWith(Place + ": ", StringComparison.Ordinal) && Says.All(text => line.Contains(text, StringComparison.Ordinal)), all);
        lines.Should().HaveCount(Lines, all);
        all.Should().NotContain("   at ", "nobody wants a stack trace");
    }
}
