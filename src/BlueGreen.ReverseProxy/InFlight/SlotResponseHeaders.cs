using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary><c>X-Environment</c> and <c>X-API-Version</c>, on every response of a slot, the gateway's own errors too.</summary>
/// <remarks>
/// Set when the slot is chosen, so that whoever answers has them; set again after the API's headers were copied, so that the API's
/// environment is replaced and its version stands; and once more when an answer that was given up has taken them with it. That is
/// three places instead of one callback at the start of the response, which costs a request more than choosing its slot does.
/// </remarks>
internal sealed class SlotResponseHeaders(BlueGreenOptions options)
{
    public const string Environment = "X-Environment";
    public const string Version = "X-API-Version";

    private readonly bool _environment = options.ResponseHeaders.Environment;
    private readonly bool _version = options.ResponseHeaders.Version;

    public void Write(SlotLease lease)
    {
        var headers = lease.Response.Headers;
        if (_environment)
        {
            headers[Environment] = lease.Slot.EnvironmentHeader;
        }

        if (_version && lease.Slot.VersionHeader is { } value)
        {
            headers.TryAdd(Version, value);
        }
    }

    /// <summary>Makes room for the API's: the proxy adds to what is there.</summary>
    public void Withdraw(SlotLease lease)
    {
        var headers = lease.Response.Headers;
        if (_environment)
        {
            headers.Remove(Environment);
        }

        if (_version)
        {
            headers.Remove(Version);
        }
    }
}
