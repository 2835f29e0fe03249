using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>Reads a <c>BlueGreen</c> section that is given as JSON.</summary>
internal static class Reading
{
    public static (BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors) Of(string section)
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "BlueGreen": {{section}} }"""));
        return BlueGreenOptionsReader.Read(new ConfigurationBuilder().AddJsonStream(json).Build().GetSection("BlueGreen"));
    }

    /// <summary>A service that is right but for what is given: members of its object, such as <c>"Drain": { … }</c>.</summary>
    public static (BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors) OfService(string members) =>
        Of($$"""{ "Services": { "orders": { "Blue": "orders-blue", "Green": "orders-green", {{members}} } } }""");

    public static ConfigurationError OnlyError(this (BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors) read) =>
        read.Errors.Should().ContainSingle().Subject;
}
