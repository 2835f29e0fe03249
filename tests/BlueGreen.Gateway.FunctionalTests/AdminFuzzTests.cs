using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Xunit.Abstractions;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// Requests that nobody would write, made from the API's own document: right in most places, so that they get far, and wrong in some.
/// <c>BLUEGREEN_FUZZ_REQUESTS</c> sets how many (3,000 without), <c>BLUEGREEN_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed class AdminFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Texts =
    [
        "", " ", "orders", "blue", "green", "true", "-1", "1e999", "99999999999999999999", "../..", "%00", "%2e%2e%2f", "\0", "\r\nX: y", "ä€𝄞", "\ud800",
        "' OR 1=1 --", "${jndi:ldap://x}", "<script>", "{{7*7}}", "r1-abcdef", "r0-", "r999999999999999999999-abcdef", "NaN", "null", "http://127.0.0.1:9/", "file:///etc/passwd",
        "http://user:pass@h/", "http://[::1", "http://h/?q", new('a', 300), new('9', 400),
    ];

    private static readonly string[] Headers = ["Prefer", "If-Match", "Idempotency-Key", "Last-Event-ID", "Origin", "Content-Encoding", "Expect", "X-HTTP-Method-Override", "Sec-Fetch-Site"];
    private static readonly string[] HeaderValues = ["", "wait=0", "wait=-1", "wait=99999999999", "wait", "*", "\"1\"", "W/\"1\"", "\"", "100-continue", "gzip", "null", "cross-site", "DELETE"];
    private static readonly string[] ContentTypes = ["application/json", "application/json; charset=utf-8", "application/json; charset=nonsense", "text/plain", "application/x-www-form-urlencoded", "nonsense", ""];
    private static readonly string[] BrokenBodies = ["{", "[", "\"", "{\"a\":}", "{\"to\":\"blue\",\"to\":\"green\"}", "\ufeff{}", "{}{}", "nul", "1e", "/*x*/{}", "{\"\\ud800\":1}", "{\"reason\":\"\\ud800\"}"];

    // A client that has failed ten times is told nothing but to wait.
    private const int GuessesOfAnAddress = 10;

    // Problems that say how something ended which was begun, and is in the state as such.
    private static readonly string[] EndsOfWhatWasBegun = ["gate-failed", "release-ended", "configuration-refused"];

    [Fact]
    public async Task AdminApi_AnyRequestMadeOfItsDocument_IsNeverAFailureAndChangesNothingWhenItIsRefused()
    {
        var count = Setting("BLUEGREEN_FUZZ_REQUESTS", 3000);
        var seed = Setting("BLUEGREEN_FUZZ_SEED", Environment.TickCount & int.MaxValue);
        output.WriteLine($"BLUEGREEN_FUZZ_SEED={seed} BLUEGREEN_FUZZ_REQUESTS={count}");
        await using var fleet = await Fleet.HostAsync(AdminSection.WithTokens(AdminSection.Token("ci", "act", "admin"), AdminSection.Token("eyes", "look", "viewer")), untilHealthy: false);
        var random = new Random(seed);
        var guesses = 0;
        using var guesser = new AdminClient(fleet.Admin.Http.BaseAddress!.ToString(), From(() => guesses++ / GuessesOfAnAddress));
        var calls = await CallsAsync(fleet);
        calls.Count.Should().BeGreaterThan(15);
        var statuses = new SortedDictionary<int, int>();
        var reached = new HashSet<Call>();
        var passed = 0;
        var state = await File.ReadAllBytesAsync(fleet.StateFile);

        // One after the other: only so is it known which request a changed state is due to.
        for (var number = 0; number < count; number++)
        {
            var call = calls[random.Next(calls.Count)];
            using var request = Make(random, call, out var described);
            var isKnown = request.Headers.TryGetValues("Authorization", out var sent) && sent.Single() is "Bearer act" or "Bearer look";
            int status;
            string? code = null;
            try
            {
                using var answer = await (isKnown ? fleet.Admin : guesser).Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                status = (int)answer.StatusCode;
                if (status >= 400 && answer.Content.Headers.ContentType?.MediaType == "application/problem+json")
                {
                    using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
                    problem.RootElement.GetProperty("status").GetInt32().Should().Be(status);
                    code = problem.RootElement.GetProperty("code").GetString();
                }
            }
            catch (HttpRequestException exception)
            {
                throw new InvalidOperationException($"No answer to request {number} of seed {seed}: {described}{Environment.NewLine}{fleet.Gateway.Output}", exception);
            }

            if (status is not (401 or 403 or 429))
            {
                passed += isKnown ? 1 : 0;

                // What routing has refused has reached none.
                if (request.Method == call.Method && code is not ("not-found" or "method-not-allowed"))
                {
                    reached.Add(call);
                }
            }

            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            status.Should().BeLessThan(500, "request {0} of seed {1} was {2}", number, seed, described);
            if (status >= 400 && !EndsOfWhatWasBegun.Contains(code))
            {
                (await File.ReadAllBytesAsync(fleet.StateFile)).AsSpan().SequenceEqual(state).Should().BeTrue("request {0} of seed {1} was refused with {2}: {3}", number, seed, status, described);
            }
            else
            {
                await SettleAsync(fleet);
                state = await File.ReadAllBytesAsync(fleet.StateFile);
            }
        }

        output.WriteLine(string.Join(", ", statuses.Select(status => $"{status.Key}: {status.Value}")));
        output.WriteLine($"{passed} of {count} past authentication");
        passed.Should().BeGreaterThan(count * 7 / 10, "who is not let in tries nothing: {0}", string.Join(", ", statuses));
        statuses.GetValueOrDefault(429).Should().BeLessThan(count / 50);
        calls.Except(reached).Should().BeEmpty("every operation is to be tried, and not only its door");
        statuses.Keys.Should().Contain([200, 400, 401, 403, 404, 415], "the requests get far and are wrong in many ways");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/live")).Status.Should().Be(200);
        fleet.Gateway.Output.Should().NotContain("has failed.").And.NotContain("Unhandled exception");
    }

    private static async Task<List<Call>> CallsAsync(Fleet fleet)
    {
        var document = (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json", headers: ("Authorization", "Bearer act"))).Json;
        var schemas = document.GetProperty("components").GetProperty("schemas");
        return
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new Call(
                   path.Name,
                   new HttpMethod(operation.Name.ToUpperInvariant()),
                   [.. operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!) : []],
                   FieldsOf(operation.Value, schemas)),
        ];
    }

    private static List<string> FieldsOf(JsonElement operation, JsonElement schemas)
    {
        if (!operation.TryGetProperty("requestBody", out var body))
        {
            return [];
        }

        var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        while (schema.TryGetProperty("oneOf", out var several))
        {
            schema = several.EnumerateArray().Last();
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = schemas.GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        return [.. schema.GetProperty("properties").EnumerateObject().Select(field => field.Name)];
    }

    private static HttpRequestMessage Make(Random random, Call call, out string described)
    {
        var path = call.Path
            .Replace("{service}", Uri.EscapeDataString(Valid(random.Next(4) == 0 ? Pick(random, Texts) : "orders")), StringComparison.Ordinal)
            .Replace("{slot}", Uri.EscapeDataString(Valid(random.Next(3) == 0 ? Pick(random, Texts) : "green")), StringComparison.Ordinal)
            .Replace("{token}", Uri.EscapeDataString(Valid(random.Next(3) == 0 ? Pick(random, Texts) : "0123456789abcdef")), StringComparison.Ordinal)
            .Replace("{id}", Uri.EscapeDataString(Valid(Pick(random, Texts))), StringComparison.Ordinal);
        var query = string.Join('&', call.Query.Append("until").Append("force").Where(_ => random.Next(3) == 0).Select(name => $"{name}={Uri.EscapeDataString(Valid(Pick(random, Texts)))}"));
        var method = random.Next(10) == 0 ? new HttpMethod(Pick(random, ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])) : call.Method;
        var request = new HttpRequestMessage(method, query.Length == 0 ? path : $"{path}?{query}");

        // Most are an operator's, some a viewer's, and few nobody's.
        if (Pick<string?>(random, random.Next(12) == 0 ? ["Bearer x", "Basic YTpi", "Bearer", null] : ["Bearer act", "Bearer act", "Bearer act", "Bearer act", "Bearer act", "Bearer act", "Bearer act", "Bearer look"]) is { } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        while (random.Next(3) == 0)
        {
            request.Headers.TryAddWithoutValidation(Pick(random, Headers), Pick(random, HeaderValues));
        }

        var body = "";
        if ((call.Fields.Count > 0 && random.Next(5) > 0) || random.Next(10) == 0)
        {
            body = random.Next(6) == 0 ? Pick(random, BrokenBodies) : Fields(random, call.Fields);
            var bytes = Encoding.UTF8.GetBytes(body);
            for (var edits = random.Next(8) == 0 ? random.Next(1, 4) : 0; edits > 0 && bytes.Length > 0; edits--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(6) == 0 ? Pick(random, ContentTypes) : "application/json");
        }

        described = $"{request.Method} {request.RequestUri} {string.Join("; ", request.Headers.Select(header => $"{header.Key}: {string.Join(",", header.Value)}"))} {body}";
        return request;
    }

    private static string Fields(Random random, IReadOnlyList<string> names)
    {
        var fields = new JsonObject();
        foreach (var name in names.Where(_ => random.Next(2) == 0))
        {
            fields[name] = Value(random, name, depth: 0);
        }

        if (random.Next(8) == 0)
        {
            fields[Valid(Pick(random, Texts)) + "x"] = 1;
        }

        return fields.ToJsonString();
    }

    private static JsonNode? Value(Random random, string name, int depth) => (name, random.Next(4)) switch
    {
        ("services", > 0) => new JsonArray("orders"),
        ("to", > 1) => "green",
        ("destinations", > 0) => new JsonObject { [random.Next(3) == 0 ? Valid(Pick(random, Texts)) : "d1"] = new JsonObject { ["address"] = random.Next(3) == 0 ? Valid(Pick(random, Texts)) : "http://127.0.0.1:9/" } },
        ("force" or "requireApproval", > 1) => random.Next(2) == 0,
        ("bakeSeconds" or "drainSeconds", > 1) => 0,
        _ => random.Next(depth > 20 ? 5 : 8) switch
        {
            0 => null,
            1 => random.Next(2) == 0,
            2 => random.NextInt64(long.MinValue, long.MaxValue),
            3 => random.NextDouble() * Math.Pow(10, random.Next(-300, 300)),
            4 or 5 => Valid(Pick(random, Texts)),
            6 => new JsonArray(Value(random, "", depth + 1), Value(random, "", depth + 1)),
            _ => new JsonObject { [Valid(Pick(random, Texts))] = Value(random, "", depth + 1) },
        },
    };

    // What a URL and a JSON writer refuse to write themselves comes in by the broken bodies.
    private static string Valid(string text) => text.Replace('\ud800', '?');

    private static T Pick<T>(Random random, IReadOnlyList<T> values) => values[random.Next(values.Count)];

    private static async Task SettleAsync(Fleet fleet)
    {
        // One that ends by itself, after its second or with the next change, is written down later than that.
        await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path, headers: ("Authorization", "Bearer act"));
        while (true)
        {
            var releases = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: ("Authorization", "Bearer act"))).Json.GetProperty("release");
            if (releases.ValueKind == JsonValueKind.Null)
            {
                return;
            }

            // One that waits for approval, or bakes, goes on as long as it may.
            var id = releases.GetProperty("id").GetString();
            await fleet.Admin.PostAsync($"/v1/releases/{id}/abort", headers: ("Authorization", "Bearer act"));
            await fleet.Admin.PostAsync($"/v1/releases/{id}/finish", headers: ("Authorization", "Bearer act"));
        }
    }

    // Each connection from the address that the number stands for.
    private static SocketsHttpHandler From(Func<int> number) => new()
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var source = number();
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(new IPAddress([127, (byte)(1 + (source >> 16)), (byte)(source >> 8), (byte)source]), 0));
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : fallback;

    private sealed record Call(string Path, HttpMethod Method, IReadOnlyList<string> Query, IReadOnlyList<string> Fields);
}
