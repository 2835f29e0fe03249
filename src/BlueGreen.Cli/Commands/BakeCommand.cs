using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen bake replay</c>: judges a recording again.</summary>
internal static class BakeCommand
{
    private const string OnlyService = "replay";

    public static Command Create(TimeProvider time) => new("bake", "The watch over a release's new slot.") { Replay(time) };

    private static Command Replay(TimeProvider time)
    {
        var path = new Argument<string>("file") { Description = "A recording, or the folder of Bake:Record." };
        var config = new Option<string>("--config") { Description = "The configuration whose settings judge. Else the defaults.", HelpName = "FILE" };
        var service = new Option<string>("--service") { Description = "The service in it. Else the only one.", HelpName = "NAME" };
        var settings = SettingsOption.Create("A setting of the service's Bake section over that: --set AbsoluteMargin=0.01.");
        var slot = new Option<string>("--slot") { Description = "The slot that was switched to. Else the one that answered last.", HelpName = "blue|green" };
        slot.AcceptOnlyFromAmong("blue", "green");
        var switchedAt = new Option<DateTimeOffset?>("--switched-at")
        {
            Description = "When the switch was (ISO 8601). Else the first response of that slot.",
            HelpName = "TIME",
            CustomParser = result =>
            {
                if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                {
                    return at;
                }

                result.AddError($"--switched-at \"{result.Tokens[0].Value}\" is not allowed: a time such as 2026-01-02T03:04:05Z.");
                return null;
            },
        };
        var command = new Command("replay", "Judge a recording of responses with these settings: would it have been rolled back? Needs no gateway. Ends with 3 if it would.")
            .With(config, service, settings, slot, switchedAt);
        command.Arguments.Add(path);
        return command.Does(time, (session, _) => Task.FromResult(Run(
            session,
            session.Get(path)!,
            SettingsOf(session.Get(config), session.Get(service), session.Get(settings) ?? []),
            SlotNames.TryParse(session.Get(slot) ?? "", out var to) ? to : null,
            session.Get(switchedAt))));
    }

    private static int Run(Session session, string path, BakeOptions settings, SlotName? to, DateTimeOffset? switchedAt)
    {
        var result = Judge(path, settings, to, switchedAt);
        var after = (result.FailedAt - result.SwitchedAt)?.TotalSeconds;
        var figures = JsonSerializer.SerializeToNode(result.Figures, ContractsJson.Default.Options);
        if (session.IsJson)
        {
            session.Json(new JsonObject
            {
                ["outcome"] = result.FailedAt is null ? "succeeded" : "rolledBack",
                ["switchedAt"] = result.SwitchedAt,
                ["failedAt"] = result.FailedAt,
                ["failedAfterSeconds"] = after,
                ["metric"] = result.Metric,
                ["reason"] = result.Reason,
                ["figures"] = figures,
            });
        }
        else
        {
            session.Line(after is { } seconds
                ? string.Create(CultureInfo.InvariantCulture, $"Would have been rolled back {seconds:0.###} s after the switch: {result.Reason}.")
                : string.Create(CultureInfo.InvariantCulture, $"Would have passed, with {Names.Plural(result.Figures.Responses, "response")}."));
            foreach (var metric in result.Figures.Metrics)
            {
                session.Line(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{metric.Name}: {metric.Status}, {metric.Bad} of {metric.N}, before the switch {metric.BaselineBad} of {metric.BaselineN}, ln E {metric.LnE:0.##} of {metric.Threshold:0.##}"));
            }
        }

        return result.FailedAt is null ? ExitCodes.Done : ExitCodes.RolledBack;
    }

    private static BakeReplayResult Judge(string path, BakeOptions settings, SlotName? to, DateTimeOffset? switchedAt)
    {
        try
        {
            string[] files = Directory.Exists(path) ? [.. Directory.GetFiles(path, "*.csv").Order(StringComparer.Ordinal)] : [path];
            return BakeReplay.Judge(files.SelectMany(file => BakeReplay.Read(File.ReadLines(file))), settings, to, switchedAt);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"{path} can't be judged: {exception.Message}");
        }
    }

    // The service's own section, as the gateway reads it; without a file, a service that has all defaults.
    private static BakeOptions SettingsOf(string? config, string? service, string[] settings)
    {
        var builder = new ConfigurationBuilder();
        if (config is null)
        {
            service = OnlyService;
            builder.AddInMemoryCollection([new($"BlueGreen:Services:{service}:Blue", "blue"), new($"BlueGreen:Services:{service}:Green", "green")]);
        }
        else
        {
            try
            {
                builder.AddJsonFile(Path.GetFullPath(config));
                service ??= OnlyServiceOf(builder.Build(), config);
            }
            catch (Exception exception) when (exception is InvalidDataException or IOException)
            {
                throw CommandFailure.Usage($"{config} can't be read: {exception.InnerException?.Message ?? exception.Message}");
            }
        }

        builder.AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(pair =>
            KeyValuePair.Create($"BlueGreen:Services:{service}:Bake:{pair[0]}", (string?)pair[1])));
        var (read, errors) = BlueGreenOptionsReader.Read(builder.Build().GetSection("BlueGreen"));
        if (errors.Count > 0)
        {
            throw CommandFailure.Usage(string.Join("; ", errors));
        }

        return read.Services.TryGetValue(service, out var found)
            ? found.Bake
            : throw CommandFailure.Usage($"{config} has no service \"{service}\": {string.Join(", ", read.Services.Keys.Order(StringComparer.Ordinal))}.");
    }

    private static string OnlyServiceOf(IConfigurationRoot configuration, string file)
    {
        string[] names = [.. configuration.GetSection("BlueGreen:Services").GetChildren().Select(child => child.Key)];
        return names is [var only] ? only : throw CommandFailure.Usage($"{file} has {names.Length} services; say which with --service: {string.Join(", ", names)}.");
    }
}
