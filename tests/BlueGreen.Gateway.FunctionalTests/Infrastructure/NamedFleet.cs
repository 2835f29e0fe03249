using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using BlueGreen.ReverseProxy.Connecting;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// A gateway whose slots are names that lead where the test says, and two APIs that listen on one port at two addresses, as the
/// machines behind a name do.
/// </summary>
internal sealed class NamedFleet : IAsyncDisposable
{
    public const string Blue = "blue.test";
    public const string Green = "green.test";
    public const string First = "127.0.0.1";
    public const string Second = "127.0.0.2";

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, string[]> _answers = new(StringComparer.OrdinalIgnoreCase);
    private HttpClient? _client;
    private long _lookups;

    private NamedFleet(TestApi at1, TestApi at2)
    {
        At1 = at1;
        At2 = at2;
    }

    /// <summary>The API at <see cref="First"/>.</summary>
    public TestApi At1 { get; }

    /// <summary>The API at <see cref="Second"/>, on the same port.</summary>
    public TestApi At2 { get; }

    public RunningGateway Gateway { get; private set; } = null!;

    public AdminClient Admin => Gateway.Admin;

    public HttpClient Client => _client ??= new HttpClient { BaseAddress = new Uri(Gateway.Url) };

    /// <summary>How often the gateway has looked a name up.</summary>
    public long Lookups => Interlocked.Read(ref _lookups);

    /// <param name="names">The names that lead somewhere from the start; the others do not resolve.</param>
    /// <param name="configure">Changes the configuration before the gateway starts.</param>
    public static async Task<NamedFleet> HostAsync((string Name, string[] Addresses)[] names, Action<JsonNode>? configure = null)
    {
        // One that is free at both addresses.
        var at1 = await TestApi.StartAsync("1.0.0", port: FreePorts.Next());
        var fleet = new NamedFleet(at1, await TestApi.StartAsync("1.0.1", at: IPAddress.Parse(Second), port: at1.Port));
        foreach (var (name, addresses) in names)
        {
            fleet.Set(name, addresses);
        }

        var configuration = Fleet.Configuration($"http://{Blue}:{at1.Port}/", $"http://{Green}:{at1.Port}/");
        configuration["BlueGreen"]!["Destinations"] = JsonNode.Parse("""{ "RefreshPeriod": "00:00:00.1" }""");
        configure?.Invoke(configuration);
        var file = fleet._folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());
        fleet.Gateway = await HostedGateway.StartAsync(
            file, fleet._folder.Path, services => services.AddSingleton<NameLookup>(fleet.LookUpAsync), arguments: []);
        return fleet;
    }

    /// <summary>Lets a name lead to these addresses from now on; without any it is known and leads nowhere.</summary>
    public void Set(string name, params string[] addresses) => _answers[name] = addresses;

    /// <summary>Lets a name no longer be known.</summary>
    public void Remove(string name) => _answers.TryRemove(name, out _);

    /// <summary>Waits until a slot has just the destinations with these ids.</summary>
    public Task UntilAsync(bool green, params string[] ids) => Admin.UntilAsync(
        status => (green ? status.Slots.Green : status.Slots.Blue).Destinations.Select(destination => destination.Id).SequenceEqual(ids));

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        await At1.DisposeAsync();
        await At2.DisposeAsync();
        _folder.Dispose();
    }

    private Task<IPAddress[]> LookUpAsync(string host)
    {
        Interlocked.Increment(ref _lookups);
        return _answers.TryGetValue(host, out var addresses)
            ? Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)])
            : throw new SocketException((int)SocketError.HostNotFound);
    }
}
