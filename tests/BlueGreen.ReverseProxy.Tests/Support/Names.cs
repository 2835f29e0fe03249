using System.Collections.Concurrent;
using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>A name server whose answers the test sets.</summary>
internal sealed class Names
{
    private readonly ConcurrentDictionary<string, Func<Task<IPAddress[]>>> _answers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names that were asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>For tests whose addresses are literal.</summary>
    public static DestinationNames Literal() => new(
        new DestinationOptions(), host => throw new InvalidOperationException($"{host} was looked up"), TimeProvider.System, NullLogger<DestinationNames>.Instance);

    public void Set(string host, params string[] addresses) => Set(host, () => Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]));

    public void Set(string host, Func<Task<IPAddress[]>> answer) => _answers[host] = answer;

    public Task<IPAddress[]> LookUpAsync(string host)
    {
        Asked.Enqueue(host);
        return _answers.TryGetValue(host, out var answer) ? answer() : throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound);
    }
}
