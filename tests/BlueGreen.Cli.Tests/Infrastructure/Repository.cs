namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>The files of the repository that the tests run in.</summary>
internal static class Repository
{
    // Not by the path that the compiler knows: a deterministic build does not have it.
    public static string Root { get; } = Find();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "BlueGreen.Gateway.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose files they read.");
        }

        return folder.FullName;
    }
}
