using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>Asks Prometheus-compatible APIs. Whatever goes wrong becomes an answer without a value.</summary>
internal sealed class PrometheusClient(TimeProvider time) : IDisposable
{
    // One value is a few hundred bytes; what is longer has many.
    private const int MaxAnswerBytes = 256 * 1024;
    private const int MaxTokenBytes = 64 * 1024;

    private readonly HttpClient _client = CallClient.Create();

    /// <summary>Asks once.</summary>
    /// <param name="server">The API.</param>
    /// <param name="query">The query, without placeholders.</param>
    /// <param name="at">The time that the query is evaluated at; null for now, by the API's clock.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<QueryAnswer> AskAsync(QueryServerOptions server, string query, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        string? token = null;
        using var limit = new CancellationTokenSource(server.Timeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            token = server.Token ?? await ReadTokenAsync(server.TokenFile, over.Token);
            var answer = await SendAsync(server, token, query, at, over.Token);
            return Without(token, answer);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return QueryAnswer.None($"no answer within {server.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return Without(token, QueryAnswer.None(OneLine.Of((exception.InnerException ?? exception).Message, QueryAnswerReader.MaxReasonLength).TrimEnd('.')));
        }
    }

    public void Dispose() => _client.Dispose();

    // On a thread that may wait: a file of a share that hangs must not hold up the other queries.
    private static async Task<string?> ReadTokenAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return null;
        }

        var bytes = await Task.Run(() => BoundedFile.Read(file, MaxTokenBytes), cancellationToken).WaitAsync(cancellationToken);
        var token = bytes is null ? null : Encoding.UTF8.GetString(bytes).Trim();
        return QueryServerOptions.IsToken(token) ? token : throw new IOException($"{file} does not hold a bearer token: visible ASCII characters, without spaces");
    }

    // A server may repeat in its error what it was sent.
    private static QueryAnswer Without(string? token, QueryAnswer answer) =>
        token is not null && answer.Reason is { } reason ? QueryAnswer.None(reason.Replace(token, "***", StringComparison.Ordinal)) : answer;

    private async Task<QueryAnswer> SendAsync(QueryServerOptions server, string? token, string query, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        var form = new List<KeyValuePair<string, string>> { new("query", query) };
        if (at is { } moment)
        {
            form.Add(new("time", moment.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)));
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url.AbsoluteUri.TrimEnd('/') + "/api/v1/query")) { Content = new FormUrlEncodedContent(form) };
        request.Headers.UserAgent.ParseAdd("BlueGreen.Gateway");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxAnswerBytes)
            {
                return QueryAnswer.None($"the answer is longer than {MaxAnswerBytes / 1024} KiB; the query must give one value");
            }
        }

        return QueryAnswerReader.Read((int)response.StatusCode, body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}
