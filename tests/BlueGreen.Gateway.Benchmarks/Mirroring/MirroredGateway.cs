using System.Net.Http.Json;
using BlueGreen.Contracts;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>The gateway's own calls: another standby, mirror on, mirror off.</summary>
internal sealed class MirroredGateway(HttpClient admin)
{
    private const string Service = "orders";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public async Task DeployStandbyAsync(string address)
    {
        using var response = await admin.PutAsJsonAsync($"/v1/services/{Service}/slots/green", new { destinations = new Dictionary<string, object> { ["g1"] = new { address } } });
        await CheckAsync(response);
    }

    public async Task StartAsync(int noisePercent)
    {
        using var response = await admin.PostAsJsonAsync($"/v1/services/{Service}/mirror", new { percent = 100, compare = new { noisePercent } });
        await CheckAsync(response);
    }

    /// <summary>The copies that were sent so far, those to the active slot included.</summary>
    public async Task<long> CountCopiesAsync()
    {
        var report = (await ReadAsync()).Newest!;
        return report.Sent + report.Routes.Sum(route => route.NoiseCompared);
    }

    /// <summary>Ends the mirror and waits until its last copy is done.</summary>
    /// <returns>Why it had ended before; null if it had not.</returns>
    public async Task<string?> StopAsync()
    {
        var before = (await ReadAsync()).Newest!;
        using var response = await admin.DeleteAsync($"/v1/services/{Service}/mirror");
        await CheckAsync(response);
        while (true)
        {
            if ((await ReadAsync()).Newest!.Open == 0)
            {
                return before.EndedBecause;
            }

            await Task.Delay(Poll);
        }
    }

    private async Task<MirrorStatus> ReadAsync() => (await admin.GetFromJsonAsync($"/v1/services/{Service}/mirror", ContractsJson.Default.MirrorStatus))!;

    private static async Task CheckAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }
}
