using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>Refuses options by which no mark could ever be recognized; names all of them at once, and shows no key.</summary>
internal sealed class MirroringOptionsValidation : IValidateOptions<BlueGreenMirroringOptions>
{
    public ValidateOptionsResult Validate(string? name, BlueGreenMirroringOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.Keys.Count > 0 && string.IsNullOrWhiteSpace(options.Service))
        {
            errors.AddError($"{BlueGreenMirroringOptions.SectionName}:{nameof(options.Service)} is not set and must be the name of the API's service in the gateway.");
        }

        for (var index = 0; index < options.Keys.Count; index++)
        {
            var key = options.Keys[index];
            if (key is null || key.Length < BlueGreenMirroringOptions.ShortestKey || key.Trim().Length != key.Length)
            {
                errors.AddError(
                    $"{BlueGreenMirroringOptions.SectionName}:{nameof(options.Keys)}:{index} (value not shown) must have at least {BlueGreenMirroringOptions.ShortestKey} characters, without white space around them.");
            }
        }

        return errors.Build();
    }
}
