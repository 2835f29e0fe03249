using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Configuration.Json;

namespace BlueGreen.Gateway;

/// <summary>A configuration file that <see cref="ConfigurationReload"/> reads again when its content changes.</summary>
/// <param name="path">The absolute path.</param>
/// <param name="isOptional">Whether there may be no such file at the start.</param>
internal sealed class KeptJsonSource(string path, bool isOptional) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new KeptJsonProvider(path, isOptional);
}

/// <summary>
/// The content of a configuration file. A change that can't be used leaves it as it was: a file that is missing, unreadable, empty or no
/// JSON, and one without a section that it had. Any of these would take all routes away, and all tokens. A section that the gateway does
/// not read may go: a mistake is mended by taking it away.
/// </summary>
/// <remarks>
/// The content decides, not the file: a mounted ConfigMap is replaced by turning a link in another folder, which a watcher of the file
/// does not see. Only what two looks in a row have found counts, so that a file that is just being written is not read half.
/// </remarks>
internal sealed class KeptJsonProvider(string path, bool isOptional) : ConfigurationProvider
{
    // Without one of their children there are no routes, or none that lead anywhere; that is no section either.
    private static readonly string[] NeverEmptied = ["ReverseProxy:Routes", "ReverseProxy:Clusters"];

    private readonly Lock _lock = new();
    private FileContent _used = FileContent.Missing;
    private FileContent _seen = FileContent.Missing;
    private FileContent _judged = FileContent.Missing;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Reads the file at the start.</summary>
    /// <exception cref="UnusableFileException">It can't be used.</exception>
    public override void Load()
    {
        lock (_lock)
        {
            var content = FileContent.Read(path);
            if (content.IsMissing && isOptional)
            {
                return;
            }

            var data = Parse(path, content, out var reason, out var fault) ?? throw new UnusableFileException(path, reason!, fault);
            Data = data;
            _used = _seen = _judged = content;
        }
    }

    /// <summary>Looks at the file, and takes its content over if it has changed and can be used.</summary>
    /// <returns>What there is to say; null for nothing, and for what was said before.</returns>
    public FileChange? Look()
    {
        FileChange change;
        lock (_lock)
        {
            var content = FileContent.Read(path);
            var isSettled = content.Equals(_seen);
            _seen = content;
            if (!isSettled || content.Equals(_judged))
            {
                return null;
            }

            _judged = content;
            if (content.Equals(_used))
            {
                return new FileChange(IsUsed: true, "is again what it was");
            }

            var data = Parse(path, content, out var reason, out _);
            if (data is null || LostSection(data) is { } lost && (reason = $"has no {lost} any more") is not null)
            {
                return new FileChange(IsUsed: false, reason!);
            }

            Data = data;
            _used = content;
            change = new FileChange(IsUsed: true, "was read again");
        }

        OnReload();
        return change;
    }

    private string? LostSection(IDictionary<string, string?> next)
    {
        var sections = SectionsOf(next);
        return SectionsOf(Data).Where(TopSections.IsRead).Order(StringComparer.OrdinalIgnoreCase).FirstOrDefault(section => !sections.Contains(section));
    }

    private static HashSet<string> SectionsOf(IDictionary<string, string?> data)
    {
        var sections = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in data)
        {
            var end = key.IndexOf(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);

            // An empty object leaves its own key, without a value.
            if (end >= 0 || value is not null)
            {
                sections.Add(end < 0 ? key : key[..end]);
            }

            foreach (var section in NeverEmptied)
            {
                if (key.Length > section.Length && key[section.Length] == ':' && key.StartsWith(section, StringComparison.OrdinalIgnoreCase))
                {
                    sections.Add(section);
                }
            }
        }

        return sections;
    }

    private static IDictionary<string, string?>? Parse(string path, FileContent content, out string? reason, out JsonFault? fault)
    {
        fault = null;
        reason = content.Problem;
        if (content.Bytes is not { } bytes)
        {
            return null;
        }

        if (bytes.AsSpan().TrimStart("\uFEFF"u8).Trim(" \t\r\n"u8).IsEmpty)
        {
            reason = "is empty";
            return null;
        }

        fault = JsonText.Find(bytes, System.IO.Path.GetExtension(path));
        if (fault is not null)
        {
            reason = fault.ToString();
            return null;
        }

        try
        {
            return Parser.Parse(bytes);
        }
        catch (FormatException exception)
        {
            reason = $"is not JSON that can be used: {exception.InnerException?.Message ?? exception.Message}";
            return null;
        }
    }

    private sealed class Parser() : JsonConfigurationProvider(new JsonConfigurationSource())
    {
        public static IDictionary<string, string?> Parse(byte[] bytes)
        {
            var parser = new Parser();
            parser.Load(new MemoryStream(bytes, writable: false));
            return parser.Data;
        }
    }
}

/// <summary>A configuration file can't be used.</summary>
internal sealed class UnusableFileException(string path, string reason, JsonFault? fault) : Exception(reason)
{
    /// <summary>The same as an error: its place is the file, with line and column where there is one.</summary>
    /// <param name="file">The file as it was given; null for one that the program brought along.</param>
    public ConfigurationError ToError(string? file) => fault is null
        ? new(file ?? path, null, Message)
        : new($"{file ?? path}:{fault.Line}:{fault.Column}", null, fault.What);
}

/// <summary>What a look at a changed file has led to.</summary>
/// <param name="IsUsed">Whether its content is in use now.</param>
/// <param name="What">What was found, to follow the file's name.</param>
internal sealed record FileChange(bool IsUsed, string What);
