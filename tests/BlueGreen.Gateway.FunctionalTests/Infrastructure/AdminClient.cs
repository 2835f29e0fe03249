using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BlueGreen.Contracts;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The admin API as a script would use it.</summary>
internal sealed class AdminClient(string url, HttpMessageHandler? handler = null) : IDisposable
{

    public HttpClient Http { get; } = new(new AnswerCheck(handler ?? new SocketsHttpHandler())) { BaseAddress = new Uri(url), Timeout = TestLimits.Wait };

    public async Task<ServiceStatus> StatusAsync(string service = "orders") =>
        (await Http.GetFromJsonAsync($"/v1/services/{service}", ContractsJson.Default.ServiceStatus))!;

    public async Task<Release> ReleaseAsync(string id) => (await Http.GetFromJsonAsync($"/v1/releases/{id}", ContractsJson.Default.Release))!;

    public Task<AdminAnswer> CutoverAsync(object? body = null, int? wait = 30, string until = "switched", params (string Name, string Value)[] headers) =>
        PostAsync($"/v1/services/orders/cutover?until={until}", body, wait, headers);

    public Task<AdminAnswer> RollbackAsync(object? body = null, int? wait = 30, string until = "switched", params (string Name, string Value)[] headers) =>
        PostAsync($"/v1/services/orders/rollback?until={until}", body, wait, headers);

    public Task<AdminAnswer> PostAsync(string path, object? body = null, int? wait = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, wait, headers);

    public async Task<AdminAnswer> SendAsync(HttpMethod method, string path, object? body = null, int? wait = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (wait is { } seconds)
        {
            request.Headers.Add("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={seconds}"));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        }

        using var response = await Http.SendAsync(request);
        return new AdminAnswer(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Asks again until it is so; the test's own limit is the runner's, not a guess about speed.</summary>
    public async Task<ServiceStatus> UntilAsync(Func<ServiceStatus, bool> condition, string service = "orders")
    {
        var last = await StatusAsync(service);
        var asked = 1;
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!condition(last))
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not so within {TestLimits.Wait}: {JsonSerializer.Serialize(last, ContractsJson.Default.ServiceStatus)}");
            }

            // What is not so soon is asked for less often: each question costs a millisecond of CPU, and several tests wait at any time.
            await Task.Delay(asked++ < 20 ? 10 : 30, CancellationToken.None);
            last = await StatusAsync(service);
        }

        return last;
    }

    public Task<ServiceStatus> UntilHealthyAsync() =>
        UntilAsync(status => status.Slots.Blue.Health == HealthState.Healthy && status.Slots.Green.Health == HealthState.Healthy);

    public Task<ServiceStatus> UntilNoReleaseAsync() => UntilAsync(status => status.Release is null);

    public void Dispose() => Http.Dispose();
}

/// <summary>An answer of the admin API.</summary>
internal sealed record AdminAnswer(int Status, string Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public Release Release => JsonSerializer.Deserialize(Body, ContractsJson.Default.Release)!;

    /// <summary>The problem's code, after checking that it is a well-formed problem.</summary>
    public string Code
    {
        get
        {
            ContentType.Should().Be("application/problem+json", Body);
            var code = Json.GetProperty("code").GetString()!;
            Json.GetProperty("type").GetString().Should().Be($"/problems/{code}");
            Json.GetProperty("status").GetInt32().Should().Be(Status);
            Json.GetProperty("detail").GetString().Should().NotBeNullOrEmpty();
            return code;
        }
    }

    public string Detail => Json.GetProperty("detail").GetString()!;
}
