using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore;

/// <summary>
/// What an API behind the gateway says of itself. Bound from the configuration section <c>BlueGreen:Api</c>;
/// what is set in code wins over it. Everything is validated when the host starts; a key of the section that
/// does not exist here is refused.
/// </summary>
public sealed class BlueGreenApiOptions
{
    /// <summary>The configuration section that these options are bound from.</summary>
    public const string SectionName = "BlueGreen:Api";

    /// <summary>The environment variable that names the slot this process was deployed to.</summary>
    public const string EnvironmentVariable = "BLUEGREEN_ENVIRONMENT";

    /// <summary>The default of <see cref="Path"/>.</summary>
    public const string DefaultPath = "/health";

    /// <summary>
    /// The version of the API: 1 to 128 printable ASCII characters. Default: the entry assembly's informational
    /// version without its <c>+metadata</c>.
    /// </summary>
    public string? Version { get; set; }

    /// <summary>
    /// The slot, <c>blue</c> or <c>green</c>, or any other name: 1 to 128 printable ASCII characters. The first that is
    /// set counts: code, the environment variable <c>BLUEGREEN_ENVIRONMENT</c>, <c>BlueGreen:Api:Environment</c> in the
    /// configuration, the host's environment name in lower case. The variable comes before the configuration because
    /// both slots usually run from the same files and differ only in how they are started.
    /// </summary>
    public string? Environment { get; set; }

    /// <summary>Where the health report is served when the mapping names no path. Starts with <c>/</c>. Default: <c>/health</c>.</summary>
    [StringSyntax("Route")]
    public string Path { get; set; } = DefaultPath;

    /// <summary>
    /// How long all checks together may take, more than zero and at most 5 minutes. What has not answered by then is
    /// reported unhealthy, whatever failure status it was registered with. Default: 4 seconds, below the gateway's
    /// probe timeout of 5 seconds so that the report says which check was slow.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>The database schema that this version works with. Not configured by default.</summary>
    public SchemaOptions Schema { get; } = new();

    /// <summary>
    /// The HTTP status code of every report status: 200 to 599, without 204, 205 and 304, which carry no body.
    /// Default: 200 for healthy and degraded, 503 for unhealthy.
    /// </summary>
    public IDictionary<HealthStatus, int> ResultStatusCodes { get; } = new Dictionary<HealthStatus, int>
    {
        [HealthStatus.Healthy] = StatusCodes.Status200OK,
        [HealthStatus.Degraded] = StatusCodes.Status200OK,
        [HealthStatus.Unhealthy] = StatusCodes.Status503ServiceUnavailable,
    };

    /// <summary>Whether responses carry <c>X-API-Version</c>. Default: true.</summary>
    public bool SendVersionHeader { get; set; } = true;

    /// <summary>Whether responses carry <c>X-Environment</c>. Default: true.</summary>
    public bool SendEnvironmentHeader { get; set; } = true;
}
