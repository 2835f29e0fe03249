using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary><c>X-Environment</c> and <c>X-API-Version</c>, on every response of a slot, the gateway's own errors too.</summary>
/// <remarks>
/// Set when the slot is chosen, so that every answer has them; checked again after the proxy has added the API's headers, so that the
/// API's environment is replaced and its version stands; and set once more when the proxy has cleared a failed response. That is three
/// places instead of one callback at the start of the response, which costs a request more than choosing its slot does.
/// </remarks>
internal sealed class SlotResponseHeaders(CurrentOptions options)
{
    public const string Environment = "X-Environment";
    public const string Version = "X-API-Version";

    /// <summary>Sets the headers that are missing.</summary>
    public void Write(HttpResponse response, SlotLease lease)
    {
        var headers = response.Headers;
        var wanted = lease.ResponseHeaders ??= options.Value.ResponseHeaders;
        var hasVersion = headers.Count > 0 && headers.ContainsKey(Version);
        if (wanted.Environment)
        {
            headers[Environment] = lease.Slot.EnvironmentHeader;
        }

        if (wanted.Version && !hasVersion && lease.Slot.VersionHeader is { } version)
        {
            headers[Version] = version;
            lease.VersionHeader = version;
        }
    }

    /// <summary>Removes duplicates after the API's headers were added.</summary>
    public void Settle(HttpResponse response, SlotLease lease)
    {
        var headers = response.Headers;

        // As it was when the slot was chosen: a reload in between must not leave half of what was written then.
        var wanted = lease.ResponseHeaders ?? options.Value.ResponseHeaders;
        if (wanted.Environment)
        {
            var ours = lease.Slot.EnvironmentHeader;
            var sent = headers[Environment];
            if (sent.Count != 1 || !ReferenceEquals(sent[0], ours))
            {
                headers[Environment] = ours;
            }
        }

        // By reference: the API may have sent the same text, and the slot's version may be another one by now.
        if (wanted.Version && lease.VersionHeader is { } written)
        {
            var sent = headers[Version];
            if (sent.Count == 0)
            {
                headers[Version] = written;
            }
            else if (sent.Count > 1 && ReferenceEquals(sent[0], written))
            {
                headers[Version] = sent.ToArray()[1..];
            }
        }
    }
}
