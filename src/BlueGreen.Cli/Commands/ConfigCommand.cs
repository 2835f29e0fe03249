using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Checks;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen config check</c> and <c>bluegreen config schema</c>.</summary>
internal static class ConfigCommand
{
    public static Command Create(TimeProvider time) => new("config", "The gateway's configuration.") { Check(time), Schema(time) };

    private static Command Check(TimeProvider time)
    {
        var files = new Argument<string[]>("file") { Description = "The files, layered as with the gateway's --config.", Arity = ArgumentArity.ZeroOrMore };
        var config = new Option<string[]>("--config") { Description = "The same as naming the file.", HelpName = "FILE" };
        var settings = SettingsOption.Create("A value over the files, as the gateway takes it: --set BlueGreen:Admin:Urls=http://127.0.0.1:9090.");
        var offline = new Option<bool>("--offline") { Description = "Do not ask the destinations for their health." };
        var strict = new Option<bool>("--strict") { Description = "Warnings fail too." };
        var command = new Command("check", "Find every error that the gateway's start would find, and what can be found by looking. Starts nothing, and needs no gateway.")
            .With(config, settings, offline, strict);
        command.Arguments.Add(files);
        return command.Does(time, (session, cancellationToken) => RunAsync(
            session,
            [
                .. (session.Get(files) ?? []).Concat(session.Get(config) ?? []).SelectMany(file => new[] { "--config", file }),
                .. (session.Get(settings) ?? []).Select(setting => $"--{setting}"),
            ],
            session.Get(offline),
            session.Get(strict),
            cancellationToken));
    }

    private static Command Schema(TimeProvider time) => new Command("schema", "Print the JSON schema of the configuration, for editors and pipelines. Needs no gateway.").Does(time, async (session, cancellationToken) =>
    {
        await using var schema = typeof(ConfigCommand).Assembly.GetManifestResourceStream("gateway.schema.json")!;
        using var reader = new StreamReader(schema);
        await session.Out.WriteAsync((await reader.ReadToEndAsync(cancellationToken)).AsMemory(), cancellationToken);
        return ExitCodes.Done;
    });

    private static async Task<int> RunAsync(Session session, string[] arguments, bool offline, bool strict, CancellationToken cancellationToken)
    {
        var (errors, warnings, gatewayExitCode) = await ConfigurationLook.LookAsync(arguments, offline, cancellationToken);
        foreach (var warning in warnings)
        {
            session.Note($"warning: {warning.Key}: {warning.Detail}");
        }

        foreach (var error in errors)
        {
            session.Note($"error: {error}");
        }

        var found = new (string, JsonNode?)[]
        {
            ("errors", new JsonArray([.. errors.Select(JsonNode (error) => new JsonObject { ["key"] = error.Key, ["value"] = error.Value, ["allowed"] = error.Allowed })])),
            ("warnings", new JsonArray([.. warnings.Select(JsonNode (warning) => new JsonObject { ["key"] = warning.Key, ["detail"] = warning.Detail })])),
        };
        if (errors.Count > 0 || (strict && warnings.Count > 0))
        {
            // What was given is not valid: the same code as for any other input that is not.
            throw CommandFailure.Of(
                ExitCodes.Usage,
                "configuration-invalid",
                "The configuration is not valid",
                errors.Count > 0
                    ? $"{Names.Plural(errors.Count, "error")}: the gateway would not start with this configuration (its exit code would be {gatewayExitCode})."
                    : $"{Names.Plural(warnings.Count, "warning")}, and --strict.",
                null,
                found);
        }

        session.Note(warnings.Count == 0 ? "The configuration is valid." : $"The configuration is valid; {Names.Plural(warnings.Count, "warning")}.");
        if (session.IsJson)
        {
            var document = new JsonObject { ["valid"] = true };
            foreach (var (name, value) in found)
            {
                document[name] = value;
            }

            session.Json(document);
        }

        return ExitCodes.Done;
    }
}
