using System.Text.Json;
using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>A proxy process between an API process and a load process that serve it alone.</summary>
internal sealed class IdleProxy : IAsyncDisposable
{
    public const string Shipped = "gateway as shipped";
    public const string Library = "gateway in the plain host";
    public const string Plain = "plain YARP";
    public const string NginxName = "nginx";

    // Compiles the code and fills the pools before anything is measured.
    private const int WarmupConnections = 500;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly ChildProcess _api;
    private readonly ChildProcess _load;
    private readonly ChildProcess _process;
    private readonly GatewayAdmin? _admin;
    private readonly bool _isAsked;
    private readonly int _port;

    private ProcessFigures? _before;
    private ProcessFigures? _idleFrom;
    private TimeSpan _opening;
    private long? _liveBefore;
    private IdleKind _kind;
    private int _connections;

    private IdleProxy(string name, ChildProcess api, ChildProcess load, ChildProcess process, int port, Uri? admin, bool isAsked)
    {
        Name = name;
        _api = api;
        _load = load;
        _process = process;
        _port = port;
        _admin = admin is null ? null : new GatewayAdmin(admin);
        _isAsked = isAsked;
    }

    public string Name { get; }

    public static async Task<IdleProxy> StartAsync(string name, int connections, WorkFolder folder, TimeSpan? spread = null)
    {
        var started = new List<ChildProcess>();
        try
        {
            started.Add(ChildProcess.StartRole(core: null, [IdleApiHost.Role]));
            started.Add(ChildProcess.StartRole(core: null, [IdleLoadHost.Role]));
            var apis = (await started[0].ReadLineAsync()).Split(' ');
            if (name == NginxName)
            {
                var (nginx, port) = await Nginx.StartAsync(Nginx.Find()!, apis[0], connections, folder);
                return new IdleProxy(name, started[0], started[1], nginx, port, admin: null, isAsked: false);
            }

            var file = folder.File($"{name.Replace(' ', '-')}.json");
            new ProxyConfigurationFile(apis[0], apis[1]) { LongLivedSpread = spread }.Write(file);
            started.Add(name switch
            {
                Shipped => ChildProcess.StartGateway(core: null, file),
                Library => ChildProcess.StartRole(core: null, [ProxyHost.Role, ProxyHost.BlueGreen, file]),
                _ => ChildProcess.StartRole(core: null, [ProxyHost.Role, ProxyHost.Plain, file]),
            });
            var admin = name == Shipped ? new Uri(await started[2].ReadWordAfterAsync("Administration on")) : null;
            var traffic = new Uri(await started[2].ReadWordAfterAsync("Now listening on:"));
            if (name == Shipped)
            {
                started[2].Ignore();
            }

            return new IdleProxy(name, started[0], started[1], started[2], traffic.Port, admin, isAsked: name != Shipped);
        }
        catch
        {
            foreach (var process in started)
            {
                await process.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Opens the connections and has each exchange one message or request.</summary>
    public async Task OpenAsync(IdleKind kind, int connections)
    {
        _kind = kind;
        _connections = connections;
        await OrderAsync($"{IdleLoadHost.Open} {kind} {_port} {WarmupConnections}");
        await OrderAsync(IdleLoadHost.Close);
        await Task.Delay(Settling);
        _before = ProcessFigures.Of(_process.Id);
        _liveBefore = await LiveAsync();

        // The collection that the question costs is not part of the opening.
        var collected = ProcessFigures.Of(_process.Id);
        await OrderAsync($"{IdleLoadHost.Open} {kind} {_port} {connections}");
        _opening = ProcessFigures.Of(_process.Id).Processor - collected.Processor;
        await CheckInFlightAsync(kind == IdleKind.WebSockets ? connections : 0);
    }

    /// <summary>From now on its processor time is that of idle connections.</summary>
    public void BeginIdle() => _idleFrom = ProcessFigures.Of(_process.Id);

    /// <summary>The figures of the idle time that ends now.</summary>
    public async Task<IdleMeasurement> EndIdleAsync()
    {
        var idleTo = ProcessFigures.Of(_process.Id);
        var live = await LiveAsync();
        await CheckInFlightAsync(_kind == IdleKind.WebSockets ? _connections : 0);
        return new IdleMeasurement(
            _connections,
            _before!.ResidentBytes,
            idleTo.ResidentBytes,
            (double?)(live - _liveBefore) / _connections,
            _opening,
            idleTo.Processor - _idleFrom!.Processor);
    }

    /// <summary>Closes all connections from the client's side; nothing is in flight then.</summary>
    public async Task CloseAsync()
    {
        await OrderAsync(IdleLoadHost.Close);
        await CheckInFlightAsync(0);
    }

    /// <summary>Switches with the WebSockets open, and sees how each of them ends.</summary>
    public async Task<CutoverMeasurement> CutoverAsync()
    {
        await OrderAsync(IdleLoadHost.Watch);
        var before = ProcessFigures.Of(_process.Id);
        var release = await _admin!.CutoverAsync();
        var departures = JsonSerializer.Deserialize<Departures>(await _load.ReadLineAsync())!;
        var spent = ProcessFigures.Of(_process.Id).Processor - before.Processor;
        await CheckInFlightAsync(0);
        return new CutoverMeasurement(_connections, release.DrainedAt!.Value - release.SwitchedAt!.Value, release.Drain!.Aborted, departures, spent);
    }

    public async ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        await _load.DisposeAsync();
        await _process.DisposeAsync();
        await _api.DisposeAsync();
    }

    private async Task OrderAsync(string order)
    {
        await _load.WriteLineAsync(order);
        var line = await _load.ReadLineAsync();
        if (line != IdleLoadHost.Done)
        {
            throw new InvalidOperationException($"The load says '{line}' and not '{IdleLoadHost.Done}'.");
        }
    }

    private async Task<long?> LiveAsync()
    {
        if (!_isAsked)
        {
            return null;
        }

        await _process.WriteLineAsync(ProxyHost.Live);
        return long.Parse(await _process.ReadLineAsync());
    }

    private async Task CheckInFlightAsync(int upgrades)
    {
        if (_admin is not null)
        {
            await _admin.ExpectUpgradesAsync(upgrades);
        }
    }
}
