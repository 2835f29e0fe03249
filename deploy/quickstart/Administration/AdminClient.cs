using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Processes;

namespace BlueGreen.Quickstart.Administration;

/// <summary>The calls of the admin API that a release pipeline needs: status, deployment, mirror, cutover, rollback.</summary>
internal sealed class AdminClient(Uri admin) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new() { BaseAddress = new Uri(admin, $"/v1/services/{GatewaySettings.Service}/"), Timeout = LongestWait * 2 };

    public async Task<ServiceStatus> StatusAsync(CancellationToken stop) =>
        (await _http.GetFromJsonAsync(_http.BaseAddress!.AbsoluteUri.TrimEnd('/'), ContractsJson.Default.ServiceStatus, stop))!;

    /// <summary>Asks for a cutover and waits until it has got so far. The same key is the same cutover: only the wait is new.</summary>
    public Task<AdminAnswer> CutoverAsync(CutoverRequest request, string key, string until, CancellationToken stop) =>
        PostAsync("cutover", JsonContent.Create(request, ContractsJson.Default.CutoverRequest), key, until, stop);

    /// <summary>Asks for a rollback and waits until it has got so far.</summary>
    public Task<AdminAnswer> RollbackAsync(RollbackRequest request, string key, string until, CancellationToken stop) =>
        PostAsync("rollback", JsonContent.Create(request, ContractsJson.Default.RollbackRequest), key, until, stop);

    /// <summary>Deploys to a slot that takes no traffic.</summary>
    public async Task DeployAsync(SlotName slot, DeployRequest request, CancellationToken stop)
    {
        using var response = await _http.PutAsJsonAsync($"slots/{slot.ToText()}", request, ContractsJson.Default.DeployRequest, stop);
        await ExpectSuccessAsync(response, stop);
    }

    /// <summary>Has requests copied to the standby.</summary>
    public async Task StartMirrorAsync(MirrorRequest request, CancellationToken stop)
    {
        using var response = await _http.PostAsJsonAsync("mirror", request, ContractsJson.Default.MirrorRequest, stop);
        await ExpectSuccessAsync(response, stop);
    }

    /// <summary>What the mirror has found so far.</summary>
    public async Task<MirrorReport> MirrorAsync(CancellationToken stop) =>
        (await _http.GetFromJsonAsync("mirror", ContractsJson.Default.MirrorStatus, stop))!.Newest!;

    public void Dispose() => _http.Dispose();

    private static async Task ExpectSuccessAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new QuickstartException($"{response.RequestMessage!.RequestUri} was answered with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(stop)}");
        }
    }

    private async Task<AdminAnswer> PostAsync(string call, JsonContent body, string key, string until, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{call}?until={until}") { Content = body };
        request.Headers.Add("Prefer", $"wait={LongestWait.TotalSeconds:0}");
        request.Headers.Add("Idempotency-Key", key);

        var started = TimeProvider.System.GetTimestamp();
        using var response = await _http.SendAsync(request, stop);
        var took = TimeProvider.System.GetElapsedTime(started);
        if (response.IsSuccessStatusCode)
        {
            return new(response.StatusCode, took, await response.Content.ReadFromJsonAsync(ContractsJson.Default.Release, stop), null, null);
        }

        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(stop));
        return new(response.StatusCode, took, null, TextOf(problem, "code"), TextOf(problem, "detail"));
    }

    private static string? TextOf(JsonDocument problem, string field) =>
        problem.RootElement.TryGetProperty(field, out var value) ? value.GetString() : null;
}

/// <summary>An answer to a cutover or rollback.</summary>
/// <param name="Status">200 done, 202 not there yet, anything else a problem.</param>
/// <param name="Took">From the call to the answer, which is the acknowledgement.</param>
/// <param name="Release">The release; null for a problem.</param>
/// <param name="Code">The problem's code, such as <c>gate-failed</c>.</param>
/// <param name="Detail">The problem in one sentence.</param>
internal sealed record AdminAnswer(HttpStatusCode Status, TimeSpan Took, Release? Release, string? Code, string? Detail)
{
    public override string ToString() => $"{(int)Status} {Code ?? $"{Release?.Status}"}{(Detail is null ? "" : $": {Detail}")}";
}
