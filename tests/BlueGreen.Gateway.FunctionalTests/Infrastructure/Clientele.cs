using System.Collections.Concurrent;
using System.Globalization;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Clients that are told apart by the header <c>X-Client</c>.</summary>
internal sealed class Clientele(string url, int count, string path = "/orders/x") : IDisposable
{
    private const int AtOnce = 8;

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce, UseCookies = false }) { BaseAddress = new Uri(url) };

    /// <summary>Has each client send one request.</summary>
    /// <returns>Those that green has answered, with a good answer or a bad one.</returns>
    public async Task<HashSet<int>> OnGreenAsync()
    {
        var moved = new ConcurrentBag<int>();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (client, token) =>
        {
            using var response = await _http.SendAsync(Request(client, path), token);
            if (response.Headers.GetValues("X-Environment").Single() == "green")
            {
                moved.Add(client);
            }
        });
        return [.. moved];
    }

    public async Task<string> SendAsync(int client, string asked)
    {
        using var response = await _http.SendAsync(Request(client, asked));
        return await response.Content.ReadAsStringAsync();
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(int client, string path) =>
        new(HttpMethod.Get, path) { Headers = { { "X-Client", client.ToString(CultureInfo.InvariantCulture) } } };
}
