namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The files that a configuration names as error pages, with where it names them.</summary>
internal static class ErrorPageFiles
{
    /// <summary>Every file once, in the order in which the configuration names them.</summary>
    public static IReadOnlyList<(string Key, string Path)> Of(BlueGreenOptions options) =>
    [
        .. Of("BlueGreen:ErrorPages", options.ErrorPages)
            .Concat(options.Services.Values
                .OrderBy(service => service.Name, StringComparer.Ordinal)
                .SelectMany(service => Of($"BlueGreen:Services:{service.Name}:ErrorPages", service.ErrorPages)))
            .DistinctBy(file => file.Path, StringComparer.Ordinal),
    ];

    /// <summary>Reads the files; what can't be used becomes an error.</summary>
    public static Dictionary<string, ErrorPageFile> Load(BlueGreenOptions options, List<ConfigurationError> errors)
    {
        var files = new Dictionary<string, ErrorPageFile>(StringComparer.Ordinal);
        foreach (var (key, path) in Of(options))
        {
            try
            {
                files[path] = ErrorPageFile.Load(path);
            }
            catch (ErrorPageException exception)
            {
                errors.Add(new(key, path, $"can't be used: {exception.Message}"));
            }
        }

        return files;
    }

    private static IEnumerable<(string Key, string Path)> Of(string section, ErrorPageOptions options) =>
        options.Files.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => entry.Value.Select(path => ($"{section}:{entry.Key}", path)));
}
