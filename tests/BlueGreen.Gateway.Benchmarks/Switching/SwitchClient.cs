using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using BlueGreen.Contracts;
using BlueGreen.Gateway.Benchmarks.Hosts;

namespace BlueGreen.Gateway.Benchmarks.Switching;

/// <summary>Orders switches from a gateway and holds it to its answers.</summary>
internal sealed class SwitchClient(Uri admin, Uri traffic, int routes) : IDisposable
{
    private readonly HttpClient _client = new();

    /// <summary>One switch: even numbers to green, odd ones to blue. All are cutovers: a version that was rolled back would be refused.</summary>
    /// <returns>The time from the call to its acknowledgement.</returns>
    public async Task<TimeSpan> SwitchAsync(int number, bool force)
    {
        var target = number % 2 == 0 ? SlotName.Green : SlotName.Blue;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(admin, $"/v1/services/{ProxyConfigurationFile.Service}/cutover"))
        {
            Content = JsonContent.Create(new CutoverRequest(target, Force: force, BakeSeconds: 0), ContractsJson.Default.CutoverRequest),
        };
        request.Headers.Add("Prefer", "wait=30");
        var clock = Stopwatch.StartNew();
        using var response = await _client.SendAsync(request);
        var time = clock.Elapsed;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"cutover: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        await CheckAsync(target.ToText());
        await WaitForEndAsync(new Uri(admin, response.Headers.Location!));
        return time;
    }

    public void Dispose() => _client.Dispose();

    // What was acknowledged has to be true, on the last of the routes too.
    private async Task CheckAsync(string active)
    {
        using var response = await _client.GetAsync(new Uri(traffic, $"/orders-{routes - 1}/1042"));
        if (!response.IsSuccessStatusCode || response.Headers.GetValues("X-Environment").Single() != active)
        {
            throw new InvalidOperationException($"Acknowledged was {active}, served was something else.");
        }
    }

    // The drain and the end of a release are written down after the acknowledgement; the next switch is not to wait for them.
    private async Task WaitForEndAsync(Uri release)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var current = await _client.GetFromJsonAsync(release, ContractsJson.Default.Release);
            if (current!.CompletedAt is not null)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        throw new InvalidOperationException($"{release} does not end.");
    }
}
