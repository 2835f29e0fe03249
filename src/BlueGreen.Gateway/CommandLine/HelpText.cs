using System.Reflection;

namespace BlueGreen.Gateway.CommandLine;

/// <summary>What <c>--help</c> and <c>--version</c> print.</summary>
internal static class HelpText
{
    public const string Name = "BlueGreen.Gateway";

    public const string Help = $"""
        {Name}: a reverse proxy that releases API fleets blue-green, without downtime.

        Usage:
          {Name} [FILE...] [options]

        Options:
          --config FILE           A configuration file, JSON. Several are layered, later ones win.
                                  A file name alone is the same.
          --urls URLS             Where proxied traffic is listened for, several separated by ';'.
                                  Default: {GatewayConfiguration.DefaultUrls}
          --environment NAME      Reads appsettings.NAME.json beside the program, too.
          --Section:Key=VALUE     Any key of the configuration, over files and environment variables.
                                  Environment variables are written Section__Key.
          --version               Prints the version.
          -h, --help              Prints this.

        Exit codes:
           0  stopped as asked
           1  the state can't be used, a port is taken, or the gateway failed; the message says which
          64  the command line is not understood
          78  the configuration has errors, one line each

        Examples:
          {Name} gateway.json
          {Name} --config gateway.json --config secrets.json --urls http://0.0.0.0:8080
          {Name} gateway.json --BlueGreen:Admin:Urls=http://127.0.0.1:9091

        `bluegreen config check gateway.json` finds the same errors without starting anything.
        Documentation: docs/configuration.md and docs/operations.md of the project.

        """;

    public static string Version => $"{Name} {VersionOf(typeof(HelpText).Assembly)}";

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "";
}
