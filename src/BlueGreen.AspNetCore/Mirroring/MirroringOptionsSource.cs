using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>Reads the options from the configuration.</summary>
internal sealed class MirroringOptionsSource(IConfiguration configuration) : IConfigureOptions<BlueGreenMirroringOptions>
{
    // A misspelt "Keys" must not quietly have copies charge cards.
    public void Configure(BlueGreenMirroringOptions options) =>
        configuration.GetSection(BlueGreenMirroringOptions.SectionName).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
}
