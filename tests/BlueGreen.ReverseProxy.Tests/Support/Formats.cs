namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>Files as builds have written them, in the tests' sources.</summary>
internal static class Formats
{
    /// <summary>Whether they are written anew: <c>UPDATE_FORMATS=1</c>. Only for a format that no release has.</summary>
    public static bool AreUpdated => Environment.GetEnvironmentVariable("UPDATE_FORMATS") == "1";

    public static string Folder(string format) => Path.Combine(Root(), "tests/BlueGreen.ReverseProxy.Tests/State/Formats", format);

    public static void CopyTo(string format, string folder) => Copy(Folder(format), folder);

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Directory.Packages.props")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
