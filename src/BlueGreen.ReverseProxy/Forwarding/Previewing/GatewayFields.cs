using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>
/// The header fields <c>X-BlueGreen-*</c>, which are between clients and the gateway, or the gateway and APIs. What a client sends of them
/// reaches no API, on no route: an API may trust them, such as one that pays nothing for a request with the mark of a copy.
/// </summary>
internal static class GatewayFields
{
    public const string Preview = "X-BlueGreen-Preview";

    private const string Prefix = "X-BlueGreen-";

    /// <summary>
    /// Whether the field is one of them. An underscore counts as a hyphen: servers that hand fields on as variables (CGI, WSGI) make the
    /// same variable of both.
    /// </summary>
    public static bool IsOne(string name)
    {
        // What nearly all fields differ in.
        if (name.Length < Prefix.Length || name[0] is not ('X' or 'x') || name[2] is not ('B' or 'b'))
        {
            return false;
        }

        for (var index = 0; index < Prefix.Length; index++)
        {
            var character = name[index] == '_' ? '-' : char.ToLowerInvariant(name[index]);
            if (character != char.ToLowerInvariant(Prefix[index]))
            {
                return false;
            }
        }

        return true;
    }

    public static void RemoveAll(IHeaderDictionary headers)
    {
        foreach (var name in headers.Keys.Where(IsOne).ToList())
        {
            headers.Remove(name);
        }
    }
}
