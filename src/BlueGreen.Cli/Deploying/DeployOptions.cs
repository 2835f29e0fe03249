using System.CommandLine;
using System.CommandLine.Parsing;
using BlueGreen.Cli.Following;

namespace BlueGreen.Cli.Deploying;

/// <summary>One address of a deployment, as given: <c>http://10.0.0.21:8080</c> or <c>g1=http://10.0.0.21:8080</c>.</summary>
/// <param name="Id">Its id in the slot.</param>
/// <param name="Address">Where requests are sent to.</param>
internal sealed record Destination(string Id, string Address)
{
    /// <summary>Reads the written form; without an id, host and port are the id.</summary>
    public static Destination? Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var hasId = equals > 0 && !text[..equals].Contains("://", StringComparison.Ordinal);
        var address = hasId ? text[(equals + 1)..] : text;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return null;
        }

        return new Destination(hasId ? text[..equals] : uri.Authority.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal), address);
    }
}

/// <summary>The options of <c>deploy</c>, which <c>release</c> has too.</summary>
internal static class DeployOptions
{
    public static Option<Destination[]> Destinations { get; } = new("--destination", "-d")
    {
        Description = "An address of the new deployment, with an id of yours or without: http://10.0.0.21:8080, g1=http://10.0.0.21:8080. Repeat it for each.",
        HelpName = "[ID=]URL",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Parse,
    };

    public static Option<string?> Version { get; } = new("--version")
    {
        Description = "The version that is deployed. Destinations that report a version have to report this one.",
        HelpName = "VERSION",
    };

    public static Option<string?> Slot { get; } = ReleaseOptions.CreateSlot("--slot", "The slot to deploy into. Default: the standby.");

    private static Destination[] Parse(ArgumentResult result)
    {
        var destinations = new List<Destination>();
        foreach (var token in result.Tokens)
        {
            if (Destination.Parse(token.Value) is not { } destination)
            {
                result.AddError($"--destination \"{token.Value}\" is not allowed: an absolute http or https URL, or ID=URL.");
            }
            else if (destinations.Exists(other => string.Equals(other.Id, destination.Id, StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError($"--destination {destination.Id} is there twice; give each an id: a={destination.Address}");
            }
            else
            {
                destinations.Add(destination);
            }
        }

        return [.. destinations];
    }
}
