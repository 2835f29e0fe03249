using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What a call carries beside its path: body, preconditions, how long it waits. All that is wrong is collected.</summary>
internal sealed class AdminRequest
{
    /// <summary>The largest body that is read, in bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private const int MaxDepth = 16;
    private const int MaxWaitSeconds = 300;
    private const int MaxKeyLength = 255;

    private readonly HttpContext _context;
    private readonly ReadOnlyMemory<byte> _body;

    private AdminRequest(HttpContext context, ReadOnlyMemory<byte> body, JsonElement? json)
    {
        _context = context;
        _body = body;
        Body = new BodyReader(json);
    }

    public BodyReader Body { get; }

    /// <summary>Reads the body, or says why it can't be.</summary>
    public static async Task<(AdminRequest? Request, IResult? Problem)> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength > MaxBodyBytes)
        {
            return (null, TooLarge(context));
        }

        var buffer = new byte[MaxBodyBytes + 1];
        int length;
        try
        {
            length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        }
        catch (BadHttpRequestException exception)
        {
            return (null, exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge(context)
                : Problems.Invalid("body", exception.Message));
        }

        if (length > MaxBodyBytes)
        {
            return (null, TooLarge(context));
        }

        // What a page of another origin can send without asking first is a form or plain text, and an empty one is one too.
        if (length == 0 && request.ContentType is null)
        {
            return (new AdminRequest(context, default, null), null);
        }

        if (!request.HasJsonContentType())
        {
            return (null, Problems.Of(
                ProblemCodes.UnsupportedMediaType,
                $"The body's Content-Type is {request.ContentType ?? "missing"}; send application/json."));
        }

        // Nothing is inflated: a few bytes could become more than there is memory.
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            return (null, Problems.Of(
                ProblemCodes.UnsupportedMediaType,
                $"The body's Content-Encoding is {encoding}; send it as it is."));
        }

        if (length == 0)
        {
            return (new AdminRequest(context, default, null), null);
        }

        try
        {
            using var document = JsonDocument.Parse(
                buffer.AsMemory(0, length),
                new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            ReadTexts(document.RootElement);
            return (new AdminRequest(context, buffer.AsMemory(0, length), document.RootElement.Clone()), null);
        }
        catch (InvalidOperationException)
        {
            // JSON by its form, with a name or text that is no Unicode: "\ud800" alone, or bytes that are no UTF-8.
            return (null, Problems.Invalid("body", "contains text that is not valid Unicode"));
        }
        catch (JsonException exception)
        {
            return (null, Problems.Invalid("body", $"is not JSON: {exception.Message}"));
        }
    }

    /// <summary>The generation in <c>If-Match</c>; null without one, or with <c>*</c>.</summary>
    public long? IfMatch()
    {
        var values = _context.Request.Headers.IfMatch;
        if (values.Count == 0 || values == "*")
        {
            return null;
        }

        if (EntityTagHeaderValue.TryParse(values.ToString(), out var tag)
            && !tag.IsWeak
            && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var generation))
        {
            return generation;
        }

        Body.Fail("If-Match", "must be the service's ETag: its generation in double quotes, such as \"3\"");
        return null;
    }

    /// <summary>How long the answer may wait (<c>Prefer: wait=SECONDS</c>); null when it is not to wait.</summary>
    public TimeSpan? Wait()
    {
        foreach (var preference in _context.Request.Headers["Prefer"].SelectMany(value => (value ?? "").Split(',', ';')))
        {
            var parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            if (!string.Equals(parts[0], "wait", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (parts.Length == 2 && int.TryParse(parts[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                // RFC 7240: the server says which wait it has applied, so asking for more is no error.
                var applied = Math.Min(seconds, MaxWaitSeconds);
                _context.Response.Headers["Preference-Applied"] = $"wait={applied}";
                return TimeSpan.FromSeconds(applied);
            }

            Body.Fail("Prefer", $"must be wait=SECONDS, a whole number, at most {MaxWaitSeconds}");
        }

        return null;
    }

    public WaitUntil Until()
    {
        var text = _context.Request.Query["until"];
        if (text.Count == 0)
        {
            return WaitUntil.Switched;
        }

        foreach (var known in Enum.GetValues<WaitUntil>())
        {
            if (string.Equals(known.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                return known;
            }
        }

        Body.Fail("until", "must be switched, drained or completed");
        return WaitUntil.Switched;
    }

    public bool Flag(string name)
    {
        var text = _context.Request.Query[name];
        if (text.Count == 0)
        {
            return false;
        }

        if (bool.TryParse(text, out var value))
        {
            return value;
        }

        Body.Fail(name, "must be true or false");
        return false;
    }

    /// <summary>The idempotency key, and a hash of what it is used for.</summary>
    public (string Key, string Hash)? Idempotency()
    {
        var key = _context.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length == 0)
        {
            return null;
        }

        if (key.Length > MaxKeyLength || key.Any(char.IsControl))
        {
            Body.Fail("Idempotency-Key", $"must have at most {MaxKeyLength} characters");
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{_context.Request.Method} {_context.Request.Path}\n"));
        hash.AppendData(_body.Span);
        return (key, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The problem that names everything that was found wrong; call last.</summary>
    public bool IsInvalid([NotNullWhen(true)] out IResult? problem)
    {
        Body.RejectUnknown();
        problem = Body.Errors.Count == 0 ? null : Problems.Invalid(Body.Errors);
        return problem is not null;
    }

    // The parser takes texts as they are; whoever reads one that is no Unicode gets an exception, so all are read here.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
        }
    }

    private static IResult TooLarge(HttpContext context)
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // The rest of the body is not read, so the server closes the connection: a client that is not told sends its next call there.
            context.Response.Headers.Connection = "close";
        }

        return Problems.Of(ProblemCodes.BodyTooLarge, $"The body may have at most {MaxBodyBytes} bytes.");
    }
}
