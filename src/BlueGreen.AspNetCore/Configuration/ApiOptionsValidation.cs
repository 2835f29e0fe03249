using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Configuration;

/// <summary>Refuses options that could only fail later, at the first probe or response; names all of them at once.</summary>
internal sealed class ApiOptionsValidation : IValidateOptions<BlueGreenApiOptions>
{
    private const int LongestHeaderValue = 128;
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(5);

    public ValidateOptionsResult Validate(string? name, BlueGreenApiOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        CheckHeaderValue(nameof(options.Version), options.Version, errors);
        CheckHeaderValue(nameof(options.Environment), options.Environment, errors);
        CheckPath(options.Path, errors);
        CheckSchema(options.Schema, errors);
        CheckStatusCodes(options.ResultStatusCodes, errors);
        if (options.Timeout <= TimeSpan.Zero || options.Timeout > LongestTimeout)
        {
            Refuse(errors, nameof(options.Timeout), $"{options.Timeout:c}", $"must be more than zero and at most {LongestTimeout:c}");
        }

        return errors.Build();
    }

    private static void CheckHeaderValue(string key, string? value, ValidateOptionsResultBuilder errors)
    {
        // Kestrel throws on any other character when it writes the header, which would turn every response into a 500.
        var allowed = !string.IsNullOrWhiteSpace(value)
            && value.Length <= LongestHeaderValue
            && value.Trim().Length == value.Length
            && value.All(character => character is >= ' ' and <= '~');
        if (!allowed)
        {
            Refuse(errors, key, value, $"must be 1 to {LongestHeaderValue} printable ASCII characters without spaces around them");
        }
    }

    private static void CheckPath(string? path, ValidateOptionsResultBuilder errors)
    {
        if (path is null || !path.StartsWith('/'))
        {
            Refuse(errors, nameof(BlueGreenApiOptions.Path), path, "must start with '/'");
            return;
        }

        try
        {
            RoutePatternFactory.Parse(path);
        }
        catch (RoutePatternException refused)
        {
            Refuse(errors, nameof(BlueGreenApiOptions.Path), path, $"must be a route pattern: {refused.Message}");
        }
    }

    private static void CheckSchema(SchemaOptions schema, ValidateOptionsResultBuilder errors)
    {
        if (!schema.IsConfigured)
        {
            return;
        }

        const string Together = "must be set where one of Min, Max and ReadCurrent is";
        if (schema.Min is null)
        {
            Refuse(errors, "Schema:Min", value: null, Together);
        }

        if (schema.Max is null)
        {
            Refuse(errors, "Schema:Max", value: null, Together);
        }

        if (schema.ReadCurrent is null)
        {
            Refuse(errors, "Schema:ReadCurrent", value: null, $"{Together}, in code: AddBlueGreenApi(o => o.Schema.ReadCurrent = …)");
        }

        if (schema.Min > schema.Max)
        {
            Refuse(errors, "Schema:Min", $"{schema.Min}", $"must not be more than Schema:Max, which is {schema.Max}");
        }
    }

    private static void CheckStatusCodes(IDictionary<HealthStatus, int> codes, ValidateOptionsResultBuilder errors)
    {
        foreach (var status in Enum.GetValues<HealthStatus>())
        {
            if (!codes.TryGetValue(status, out var code) || code is < 200 or > 599 or 204 or 205 or 304)
            {
                Refuse(errors, $"ResultStatusCodes:{status}", $"{code}", "must be 200 to 599 and not 204, 205 or 304, which carry no body");
            }
        }
    }

    private static void Refuse(ValidateOptionsResultBuilder errors, string key, string? value, string allowed) =>
        errors.AddError($"{BlueGreenApiOptions.SectionName}:{key} is {(value is null ? "not set" : $"'{value}'")} and {allowed}.");
}
