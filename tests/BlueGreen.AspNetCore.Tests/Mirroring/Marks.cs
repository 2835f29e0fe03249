using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>Signs as the gateway does, and sends what it signed.</summary>
internal static class Marks
{
    public const string Key = "0123456789abcdef0123456789abcdef";
    public const string OtherKey = "fedcba9876543210fedcba9876543210";
    public const string Header = "X-BlueGreen-Mirror";
    public const string Id = "3f0c5be2a1d94e6f8a7b6c5d4e3f2a1b";

    public static string Sign(string key = Key, string service = "orders", string id = Id) =>
        $"{id}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"bluegreen-mirror\n{service}\n{id}")))}";

    /// <summary>Options that recognize what <see cref="Sign"/> makes.</summary>
    public static void Configure(BlueGreenMirroringOptions options)
    {
        options.Service = "orders";
        options.Keys.Add(Key);
    }

    public static async Task<HttpResponseMessage> SendAsync(this HttpClient client, string path, params string[] marks)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var mark in marks)
        {
            request.Headers.TryAddWithoutValidation(Header, mark).Should().BeTrue();
        }

        return await client.SendAsync(request);
    }

    public static async Task<string> AskAsync(this HttpClient client, string path, params string[] marks)
    {
        using var response = await client.SendAsync(path, marks);
        return await response.Content.ReadAsStringAsync();
    }
}
