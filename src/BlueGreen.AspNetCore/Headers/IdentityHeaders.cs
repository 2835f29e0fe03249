using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.AspNetCore.Headers;

/// <summary>The response headers that name the version and the slot of this process.</summary>
internal sealed class IdentityHeaders
{
    public const string Version = "X-API-Version";
    public const string Environment = "X-Environment";

    private readonly KeyValuePair<string, StringValues>[] _headers;

    public IdentityHeaders(BlueGreenApiOptions options)
    {
        var headers = new List<KeyValuePair<string, StringValues>>();
        if (options.SendVersionHeader)
        {
            headers.Add(new(Version, options.Version));
        }

        if (options.SendEnvironmentHeader)
        {
            headers.Add(new(Environment, options.Environment));
        }

        _headers = [.. headers];
    }

    // Runs when the response starts and not before: an exception handler clears the headers that were set earlier.
    public Task Set(object responseHeaders)
    {
        var response = (IHeaderDictionary)responseHeaders;
        foreach (var (name, value) in _headers)
        {
            response.TryAdd(name, value);
        }

        return Task.CompletedTask;
    }
}
