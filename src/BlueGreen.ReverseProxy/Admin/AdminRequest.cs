using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy.Configuration;
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

    /// <summary>A request whose body has been read.</summary>
    /// <param name="request">Method, path, headers and query.</param>
    /// <param name="json">The body; null without one.</param>
    public AdminRequest(HttpRequest request, JsonElement? json = null)
        : this(request.Method, request.Path, request.Headers, request.Query, json)
    {
    }

    /// <summary>The same of a call that does not come over HTTP.</summary>
    public AdminRequest(string method, PathString path, IHeaderDictionary headers, IQueryCollection query, JsonElement? json)
    {
        // Routes and the names of services and slots are found without regard to case.
        _call = $"{method} {path.Value?.TrimEnd('/').ToUpperInvariant()}";
        _headers = headers;
        _query = query;
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
            && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)

            // Tags are compared as texts, and no service ever had "01".
            && tag.Tag == string.Create(CultureInfo.InvariantCulture, $"\"{generation}\""))
        {
            return generation;
        }

        Body.Fail("If-Match", "must be the service's ETag: its generation in double quotes, without leading zeros, such as \"3\"");
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

    /// <summary>How far the caller wants to wait; null where it does not say.</summary>
    public WaitUntil? Until()
    {
        var text = _query["until"];
        if (text.Count == 0)
        {
            return null;
        }

        foreach (var known in Enum.GetValues<WaitUntil>())
        {
            if (string.Equals(known.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                return known;
            }
        }

        Body.Fail("until", "must be shifting, switched, drained or completed");
        return null;
    }

    /// <summary>The weight in <c>to=</c>, in hundredths of a percent; null without one.</summary>
    public int? Weight()
    {
        var text = _query["to"];
        if (text.Count == 0)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight)
            && weight is >= ShiftRules.LeastWeight and <= ShiftRules.MostWeight
            && ShiftRules.WhyNot([(weight, 0)]) is null)
        {
            Body.Note("to", ShiftRules.InHundredths(weight));
            return ShiftRules.InHundredths(weight);
        }

        Body.Fail("to", $"must be a percentage from {ShiftRules.LeastWeight} to {ShiftRules.MostWeight}, with at most two decimals");
        return null;
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
            Body.Note(name, value);
            return value;
        }

        Body.Fail(name, "must be true or false");
        return false;
    }

    /// <summary>The idempotency key, and a hash of what it is used for. Call when every field has been read: it is made of what was read.</summary>
    public (string Key, string Hash)? Idempotency()
    {
        var values = _headers["Idempotency-Key"];
        if (values.Count == 0)
        {
            return null;
        }

        var key = values.ToString();
        if (WhyNoKey(key, values.Count) is { } reason)
        {
            Body.Fail("Idempotency-Key", reason);
            return null;
        }

        return (key, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_call}\n{Body.Canonical}"))));
    }

    // An empty one is a variable that a script has not set: the call would be made twice when it is repeated.
    private static string? WhyNoKey(string key, int count) =>
        count > 1 ? $"is there {count} times; send one"
        : key.Length == 0 ? "must not be empty"
        : key.Any(char.IsControl) ? "must not have control characters, such as a tab"
        : key.Length > MaxKeyLength ? $"must have at most {MaxKeyLength} characters"
        : null;

    /// <summary>The problem that names everything that was found wrong; call last.</summary>
    public bool IsInvalid([NotNullWhen(true)] out IResult? problem)
    {
        Body.RejectUnknown();
        problem = Body.Errors.Count == 0 ? null : Problems.Invalid(Body.Errors);
        return problem is not null;
    }
}
