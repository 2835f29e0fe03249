using System.Globalization;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Judges a recording with other settings.</summary>
internal static class ReplayCommand
{
    public static readonly string[] Options = ["--config", "--service", "--slot", "--switched-at"];

    private static readonly JsonSerializerOptions Indented = new(ContractsJson.Default.Options) { WriteIndented = true };

    public static Task<int> RunAsync(string file, CommandOptions options)
    {
        var files = Directory.Exists(file) ? Directory.GetFiles(file, "*.csv").Order(StringComparer.Ordinal) : (IEnumerable<string>)[file];
        try
        {
            var result = BakeReplay.Judge(
                files.SelectMany(name => BakeReplay.Read(File.ReadLines(name))),
                SettingsOf(options),
                options.Text("--slot") is { } slot ? SlotNames.TryParse(slot, out var to) ? to : throw new UsageException("--slot must be blue or green.") : null,
                options.Text("--switched-at") is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null);
            Console.WriteLine(result.FailedAt is { } failed
                ? $"failed after {(failed - result.SwitchedAt).TotalSeconds:0.###} s: {result.Reason}"
                : "succeeded");
            Console.WriteLine(JsonSerializer.Serialize(result.Figures, Indented));
            return Task.FromResult(result.FailedAt is null ? 0 : 3);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or IOException)
        {
            throw new UsageException(exception.Message);
        }
    }

    // The service's own section, as the gateway reads it.
    private static BakeOptions SettingsOf(CommandOptions options)
    {
        if (options.Text("--config") is not { } config)
        {
            return new BakeOptions();
        }

        var (read, errors) = BlueGreenOptionsReader.Read(new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(config)).Build().GetSection("BlueGreen"));
        if (errors.Count > 0)
        {
            throw new UsageException(string.Join(Environment.NewLine, errors));
        }

        var service = options.Text("--service") ?? read.Services.Keys.FirstOrDefault() ?? "";
        return read.Services.TryGetValue(service, out var found) ? found.Bake : throw new UsageException($"{config} has no service \"{service}\".");
    }
}
