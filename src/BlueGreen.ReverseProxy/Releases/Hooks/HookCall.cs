using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using Polly;
using Polly.Timeout;

namespace BlueGreen.ReverseProxy.Releases.Hooks;

/// <summary>What a hook answered.</summary>
/// <param name="Success">Any 2xx; <c>202</c> with <c>Retry-After</c> aside.</param>
/// <param name="AskAgain">The receiver is still working: call again after this; null when it is done.</param>
/// <param name="Detail">The status, and what the receiver says.</param>
internal sealed record HookAnswer(bool Success, TimeSpan? AskAgain, string Detail);

/// <summary>Makes one call of a hook.</summary>
internal sealed class HookCall(TimeProvider time) : IDisposable
{
    /// <summary>Carries <c>t=SECONDS,v1=HEX</c>: HMAC-SHA256, keyed with the secret, over the seconds, a dot and the body.</summary>
    public const string SignatureHeader = "X-BlueGreen-Signature";

    public const string EventHeader = "X-BlueGreen-Event";
    public const string DeliveryHeader = "X-BlueGreen-Delivery";

    private const int MaxDetailLength = 200;
    private const int MaxAnswerBytes = 4096;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PauseWithoutValue = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client = CallClient.Create();

    /// <summary>Calls; what goes wrong becomes an answer without success.</summary>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<HookAnswer> SendAsync(HookOptions hook, HookBody call, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(call, ContractsJson.Default.HookBody);
        var timeout = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(hook.Timeout).Build();
        try
        {
            return await timeout.ExecuteAsync(async token => await SendAsync(hook, call.Event, call.Id, body, token), cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return new(false, null, $"no answer within {hook.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new(false, null, OneLine.Of((exception.InnerException ?? exception).Message, MaxDetailLength).TrimEnd('.'));
        }
    }

    public static string NameOf(HookEvent hookEvent) => char.ToLowerInvariant(hookEvent.ToString()[0]) + hookEvent.ToString()[1..];

    public void Dispose() => _client.Dispose();

    private async ValueTask<HookAnswer> SendAsync(HookOptions hook, string name, string deliveryId, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.UserAgent.ParseAdd("BlueGreen.Gateway");
        request.Headers.Add(EventHeader, name);
        request.Headers.Add(DeliveryHeader, deliveryId);
        if (hook.Secret is { } secret)
        {
            request.Headers.Add(SignatureHeader, Sign(secret, time.GetUtcNow(), body));
        }

        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Accepted && response.Headers.NonValidated.Contains("Retry-After"))
        {
            // Whatever it says, the receiver has said that it is not done: a value that can't be read is asked again soon, not taken for a yes.
            var pause = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } => date - time.GetUtcNow(),
                _ => PauseWithoutValue,
            };
            return new(false, pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause, "still working");
        }

        var says = response.IsSuccessStatusCode ? "" : await ReadAsync(response, cancellationToken);
        return new(response.IsSuccessStatusCode, null, says.Length == 0 ? $"status code {status}" : $"status code {status}: {says}");
    }

    private static string Sign(string secret, DateTimeOffset now, byte[] body)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(seconds + "."), .. body];
        return $"t={seconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswerBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return OneLine.Of(Encoding.UTF8.GetString(buffer, 0, length), MaxDetailLength);
    }
}
