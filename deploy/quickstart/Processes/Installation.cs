using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Processes;

/// <summary>The three processes, and the folder that they work in.</summary>
internal sealed class Installation : IAsyncDisposable
{
    public const string BlueVersion = "1.0.0";
    public const string GreenVersion = "2.0.0";

    private const string Listening = "Now listening on: ";
    private const string Administration = "Administration on ";

    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(300);

    private readonly string _folder = Directory.CreateTempSubdirectory("bluegreen-quickstart-").FullName;
    private readonly List<Child> _children = [];

    /// <summary>Where clients send their requests to.</summary>
    public Uri Gateway { get; private set; } = null!;

    /// <summary>Where cutover and rollback are asked for.</summary>
    public Uri Admin { get; private set; } = null!;

    public Uri Blue { get; private set; } = null!;

    public Uri Green { get; private set; } = null!;

    public string ConfigFile => Path.Combine(_folder, "gateway.json");

    /// <summary>Starts everything. Every process chooses a free port itself and says which, so that no two can want the same.</summary>
    /// <param name="greenVersion">What green has.</param>
    /// <param name="stop">Ends the start.</param>
    public async Task StartAsync(string greenVersion, CancellationToken stop)
    {
        var blue = StartApi(SlotName.Blue, BlueVersion);
        var green = StartApi(SlotName.Green, greenVersion);
        Blue = await blue.AddressAsync(Listening, stop);
        Green = await green.AddressAsync(Listening, stop);

        await GatewaySettings.WriteAsync(ConfigFile, Path.Combine(_folder, "state"), Blue, Green, stop);
        var gateway = Start("gateway", "BlueGreen.Gateway.dll", ["--config", ConfigFile, "--urls", "http://127.0.0.1:0"], Listening, Administration);
        Gateway = await gateway.AddressAsync(Listening, stop);
        Admin = await gateway.AddressAsync(Administration, stop);
    }

    /// <summary>Starts another API for green. The one before stays up until the end.</summary>
    /// <returns>Its address.</returns>
    public Task<Uri> StartGreenAsync(string version, CancellationToken stop) => StartApi(SlotName.Green, version).AddressAsync(Listening, stop);

    /// <summary>Does some work for which all processes have to stay up.</summary>
    /// <returns>What went wrong; null when nothing did.</returns>
    public async Task<string?> GuardAsync(Func<CancellationToken, Task> work, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = work(over.Token);
        var ended = Task.WhenAny(_children.Select(child => child.Ended));
        await Task.WhenAny(running, ended);
        if (running.IsCompletedSuccessfully)
        {
            return null;
        }

        // Where a process has died, that is the reason, and failed calls are what came of it. And Ctrl-C goes to all processes
        // at once: some of them may have ended before this one has heard of it.
        await Task.Delay(Settle, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await over.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
        {
            await running;
            return null;
        }

        if (ended.IsCompleted)
        {
            return _children.First(child => child.Ended.IsCompleted).Failed().Message;
        }

        return running.Exception?.InnerException switch
        {
            null => "The gateway has not answered in time.",
            QuickstartException or HttpRequestException => running.Exception.InnerException.Message,
            var defect => defect.ToString(),
        };
    }

    public async ValueTask DisposeAsync()
    {
        // The gateway first: while it runs, it asks the APIs for their health.
        foreach (var child in Enumerable.Reverse(_children))
        {
            await child.DisposeAsync();
        }

        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // Somebody looks at a file in it; it is in the folder for temporary files anyway.
        }
    }

    private Child StartApi(SlotName slot, string version) =>
        Start($"{slot.ToText()} API", "quickstart.dll", ["api", slot.ToText(), version], Listening);

    private Child Start(string name, string assembly, string[] arguments, params string[] announcements)
    {
        var child = Child.Start(name, assembly, arguments, _folder, announcements);
        _children.Add(child);
        return child;
    }
}
