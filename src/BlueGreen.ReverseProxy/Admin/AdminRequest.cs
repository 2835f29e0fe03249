using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What a call carries beside its path: body, preconditions, how long it waits. All that is wrong is collected.</summary>
internal sealed class AdminRequest
{
    /// <summary>The longest wait of <c>Prefer: wait=SECONDS</c>.</summary>
    public const int MaxWaitSeconds = 300;

    /// <summary>The longest idempotency key, in characters.</summary>
    public const int MaxKeyLength = 255;

    private readonly string _call;
    private readonly IHeaderDictionary _headers;
    private readonly IQueryCollection _query;
    private readonly ReadOnlyMemory<byte> _body;

    /// <summary>A request whose body has been read.</summary>
    /// <param name="request">Method, path, headers and query.</param>
    /// <param name="body">The bytes of the body.</param>
    /// <param name="json">The same as JSON; null without a body.</param>
    public AdminRequest(HttpRequest request, ReadOnlyMemory<byte> body = default, JsonElement? json = null)
    {
        _call = $"{request.Method} {request.Path}";
        _headers = request.Headers;
        _query = request.Query;
        _body = body;
        Body = new BodyReader(json);
    }

    public BodyReader Body { get; }

    /// <summary>The generation in <c>If-Match</c>; null without one, or with <c>*</c>.</summary>
    public long? IfMatch()
    {
        var values = _headers.IfMatch;
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
        foreach (var preference in _headers["Prefer"].SelectMany(value => (value ?? "").Split(',', ';')))
        {
            var parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            if (!string.Equals(parts[0], "wait", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (parts.Length == 2 && int.TryParse(parts[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                // RFC 7240: the server says which wait it has applied, so asking for more is no error.
                return TimeSpan.FromSeconds(Math.Min(seconds, MaxWaitSeconds));
            }

            Body.Fail("Prefer", $"must be wait=SECONDS, a whole number, at most {MaxWaitSeconds}");
        }

        return null;
    }

    public WaitUntil Until()
    {
        var text = _query["until"];
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
        var text = _query[name];
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
        var key = _headers["Idempotency-Key"].ToString();
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
        hash.AppendData(Encoding.UTF8.GetBytes($"{_call}\n"));
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
}
