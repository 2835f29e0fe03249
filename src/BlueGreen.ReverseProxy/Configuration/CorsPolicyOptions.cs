using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Policies:Cors</c>.</summary>
public sealed record CorsPolicyOptions
{
    /// <summary>The origins, such as <c>https://app.example.com</c> or <c>https://*.example.com</c>; <c>*</c> alone for all.</summary>
    public required ImmutableArray<string> Origins { get; init; }

    /// <summary>The methods; <c>*</c> alone for all. Default none named: the simple ones.</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>The request headers; <c>*</c> alone for all. Default none named: the simple ones.</summary>
    public ImmutableArray<string> Headers { get; init; } = [];

    /// <summary>The response headers that scripts may read. Default none named: the simple ones.</summary>
    public ImmutableArray<string> ExposedHeaders { get; init; } = [];

    /// <summary>Whether cookies and credentials may be sent along. Default false.</summary>
    public bool Credentials { get; init; }

    /// <summary>How long a browser may keep the answer. Default null: as long as the browser does by itself.</summary>
    public TimeSpan? MaxAge { get; init; }
}
