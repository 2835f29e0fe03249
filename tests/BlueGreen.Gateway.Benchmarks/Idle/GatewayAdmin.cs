using System.Net;
using System.Net.Http.Json;
using BlueGreen.Contracts;
using BlueGreen.Gateway.Benchmarks.Hosts;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>The gateway's own word on what it carries, and the order to switch.</summary>
internal sealed class GatewayAdmin(Uri admin) : IDisposable
{
    private readonly HttpClient _client = new();

    /// <summary>Fails unless exactly that is in flight: so many WebSockets on the active slot, and nothing else anywhere.</summary>
    public async Task ExpectUpgradesAsync(int expected)
    {
        var status = await _client.GetFromJsonAsync(new Uri(admin, $"/v1/services/{ProxyConfigurationFile.Service}"), ContractsJson.Default.ServiceStatus);
        var (blue, green) = (status!.Slots.Blue.InFlight, status.Slots.Green.InFlight);
        if (blue.Upgrades != expected || blue.Total != expected || green.Total != 0)
        {
            throw new InvalidOperationException($"{expected} upgrades must be in flight on blue and nothing on green; the gateway says {blue} and {green}.");
        }
    }

    /// <summary>Switches to green.</summary>
    /// <returns>The release, when the old slot is drained.</returns>
    public async Task<Release> CutoverAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(admin, $"/v1/services/{ProxyConfigurationFile.Service}/cutover?until=drained"))
        {
            Content = JsonContent.Create(new CutoverRequest(SlotName.Green, Force: true, BakeSeconds: 0), ContractsJson.Default.CutoverRequest),
        };
        request.Headers.Add("Prefer", "wait=90");
        using var response = await _client.SendAsync(request);
        return response.StatusCode == HttpStatusCode.OK
            ? (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Release))!
            : throw new InvalidOperationException($"cutover: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    public void Dispose() => _client.Dispose();
}
