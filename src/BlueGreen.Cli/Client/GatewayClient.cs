using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>Calls the admin API.</summary>
internal sealed class GatewayClient : IDisposable
{
    /// <summary>Between two tries of a gateway that has gone.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    // One call is answered at once (nothing asks the gateway to wait); after this time the connection counts as lost.
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(30);

    // What is asked around the end of --timeout gets this much time all the same: a gateway that is well answers within it, and then the
    // command can say how the release stands, and not just that the time is over.
    private static readonly TimeSpan LastCall = TimeSpan.FromSeconds(5);
    private const int KeyBytes = 16;

    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly GatewayAddress _address;
    private readonly Unreachable _unreachable;
    private Deadline? _limit;

    /// <summary>Connects when it is first asked for something.</summary>
    /// <param name="address">Where the gateway is.</param>
    /// <param name="files">What was given for TLS.</param>
    /// <param name="token">The token; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long the whole command may take; null for as long as its calls do.</param>
    /// <exception cref="CommandFailure">A file for TLS can't be used.</exception>
    public GatewayClient(GatewayAddress address, TlsFiles files, string? token, TimeProvider time, TimeSpan? timeout)
    {
        _limit = timeout is { } limit ? new Deadline(time, limit) : null;
        _time = time;
        _address = address;
        _unreachable = new Unreachable(address, files.Certificate);
        var handler = new SocketsHttpHandler
        {
            // A token must not follow a redirect to wherever it leads.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !address.Url.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = GatewayTls.Read(files, address, time.GetUtcNow()),
            ConnectCallback = address.Socket is { } socket ? (_, cancellationToken) => ConnectAsync(socket, cancellationToken) : null,
        };
        _http = new HttpClient(handler) { BaseAddress = address.Url, Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("bluegreen");
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>A key that no other call has.</summary>
    public static string NewIdempotencyKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Whether a gateway was there at least once.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>What there is to say when <c>--timeout</c> is over before the first answer.</summary>
    public GatewayGoneException NotAnswered() => NotAnswered(_limit?.After ?? LongestCall);

    /// <summary>From now on no call is limited by <c>--timeout</c>.</summary>
    public void EndLimit() => _limit = null;

    /// <summary>Asks once.</summary>
    /// <exception cref="GatewayGoneException">No answer of a gateway.</exception>
    public Task<GatewayAnswer> TryGetAsync(string path, CancellationToken cancellationToken) =>
        TryAsync(HttpMethod.Get, path, null, [], 1, cancellationToken);

    /// <summary>Asks once; what is not a success is a failure of the command.</summary>
    /// <exception cref="CommandFailure">A problem, or the gateway is not reachable.</exception>
    public async Task<GatewayAnswer> GetAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await TryGetAsync(path, cancellationToken)).OrFail();
        }
        catch (GatewayGoneException exception)
        {
            throw CommandFailure.NotReachable(exception);
        }
    }

    /// <summary>
    /// Changes something, exactly once: every try carries the same idempotency key, so a call whose answer was lost is repeated until
    /// one comes, or until the deadline.
    /// </summary>
    /// <returns>Whatever was answered, problems included.</returns>
    /// <exception cref="CommandFailure">The gateway is not reachable.</exception>
    public async Task<GatewayAnswer> ChangeAsync(
        HttpMethod method, string path, JsonObject? body, string key, long? expectGeneration, Deadline deadline, CancellationToken cancellationToken)
    {
        List<(string Name, string Value)> headers = [("Idempotency-Key", key)];
        if (expectGeneration is { } generation)
        {
            headers.Add(("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{generation}\"")));
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await TryAsync(method, path, body?.ToJsonString(), headers, attempt, cancellationToken);
                if (answer.Status != 429)
                {
                    return answer;
                }

                if (deadline.IsOver)
                {
                    throw answer.Failure();
                }
            }
            catch (GatewayGoneException exception) when (attempt == 1 && exception.NothingWasSent)
            {
                // A wrong URL is told at once; nobody waits ten minutes for a typing mistake.
                throw CommandFailure.NotReachable($"{exception.Message} Nothing was changed.", exception.Hint);
            }
            catch (GatewayGoneException exception) when (deadline.IsOver)
            {
                throw CommandFailure.NotReachable(
                    $"{exception.Message} The call was sent and its answer was lost, so it may have taken effect or not.",
                    $"Repeat the command with --idempotency-key {key}: it gets the same release, or starts it if there is none.");
            }
            catch (GatewayGoneException)
            {
                // Tried again with the same key.
            }

            await Task.Delay(RetryInterval, _time, cancellationToken);
        }
    }

    /// <summary>The events as they happen; ends when the connection does.</summary>
    public async Task<Stream> OpenEventsAsync(string path, string? lastEventId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        // The stream is open without an end; how long it takes to open is limited.
        return await WithinLimitAsync(
            async limited =>
            {
                var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited);
                if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
                {
                    HasAnswered = true;
                    return await response.Content.ReadAsStreamAsync(cancellationToken);
                }

                using (response)
                {
                    var answer = await ReadAsync(request, response, 1, limited);
                    throw answer.IsSuccess ? answer.NotUnderstood() : answer.Failure();
                }
            },
            cancellationToken);
    }

    /// <summary>Whether something that is no JSON is served at a path.</summary>
    public Task<bool> ExistsAsync(string path, CancellationToken cancellationToken) => WithinLimitAsync(
        async limited =>
        {
            using var response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, limited);
            return response.IsSuccessStatusCode;
        },
        cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<GatewayAnswer> TryAsync(
        HttpMethod method, string path, string? body, IReadOnlyList<(string Name, string Value)> headers, int attempt, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.ParseAdd("application/json");
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await WithinLimitAsync(
            async limited =>
            {
                using var response = await _http.SendAsync(request, limited);
                return await ReadAsync(request, response, attempt, limited);
            },
            cancellationToken);
    }

    private async Task<T> WithinLimitAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var longest = LimitOfCall();
        using var limit = new CancellationTokenSource(longest, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(linked.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw _unreachable.Because(exception);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw NotAnswered(longest);
        }
    }

    private GatewayGoneException NotAnswered(TimeSpan within) =>
        _unreachable.Because(string.Create(CultureInfo.InvariantCulture, $"{_address} has not answered within {within.TotalSeconds:0.#} s."), nothingWasSent: false);

    private TimeSpan LimitOfCall()
    {
        if (_limit is null)
        {
            return LongestCall;
        }

        var least = _limit.After < LastCall ? _limit.After : LastCall;
        var left = _limit.Left > least ? _limit.Left : least;
        return left < LongestCall ? left : LongestCall;
    }

    private async Task<GatewayAnswer> ReadAsync(HttpRequestMessage request, HttpResponseMessage response, int attempt, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var type = response.Content.Headers.ContentType?.MediaType;

        // Whatever another server says of its body's encoding: JSON is UTF-8, and of anything else only a few words are shown.
        var body = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        var isJson = ForeignAnswer.TryParse(type, body, out var json);
        var foreign = new ForeignAnswer(_address, $"{request.Method} {request.RequestUri?.PathAndQuery}", status, ForeignAnswer.Describe(type, body), _unreachable.Hint);
        if (!isJson || !(response.IsSuccessStatusCode || IsProblem(json)))
        {
            throw _unreachable.Because(foreign.Message, nothingWasSent: !foreign.IsOfAProxy);
        }

        HasAnswered = true;
        return new GatewayAnswer(status, json, attempt, response.Headers.Date ?? _time.GetUtcNow(), foreign);
    }

    private static bool IsProblem(JsonNode? json) =>
        json is JsonObject problem
        && problem["code"] is JsonValue code && code.TryGetValue<string>(out _)
        && problem["detail"] is JsonValue detail && detail.TryGetValue<string>(out _);

    private static async ValueTask<Stream> ConnectAsync(UnixDomainSocketEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
