using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Configuration;

/// <summary>Reads the options from the configuration, and the slot from the environment variable over it.</summary>
internal sealed class ApiOptionsSource(IConfiguration configuration) : IConfigureOptions<BlueGreenApiOptions>
{
    public void Configure(BlueGreenApiOptions options)
    {
        // A misspelt "Schema" must not quietly switch the schema check off.
        configuration.GetSection(BlueGreenApiOptions.SectionName).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);

        var slot = Environment.GetEnvironmentVariable(BlueGreenApiOptions.EnvironmentVariable);
        if (!string.IsNullOrWhiteSpace(slot))
        {
            options.Environment = slot.Trim();
        }
    }
}
