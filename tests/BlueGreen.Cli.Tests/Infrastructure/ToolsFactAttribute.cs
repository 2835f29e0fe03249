namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>A test that needs Linux and programs that are not part of every installation.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ToolsFactAttribute : FactAttribute
{
    public ToolsFactAttribute(params string[] tools)
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "Needs Linux.";
        }
        else if (tools.Where(tool => Find(tool) is null).ToList() is { Count: > 0 } missing)
        {
            Skip = $"Needs {string.Join(", ", missing)}.";
        }
    }

    /// <summary>Where a program is; null when it is not installed.</summary>
    public static string? Find(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, tool))
        .FirstOrDefault(File.Exists);
}
