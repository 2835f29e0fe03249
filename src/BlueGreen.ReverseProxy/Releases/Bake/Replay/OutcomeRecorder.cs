using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake.Replay;

/// <summary>
/// Writes down the outcomes of the services that ask for it, in files of bounded number and size, for <see cref="BakeReplay"/>.
/// A disk that fails costs lines of the recording, and nothing else.
/// </summary>
internal sealed partial class OutcomeRecorder(ServiceCatalog services, BackgroundLoops loops, TimeProvider time, ILogger<OutcomeRecorder> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new LoopSet<Recorded>("recording", recorded => recorded.Service.Name, Begin, loops).FollowAsync(
        () => services.All.Where(service => service.Options.Bake.Record is not null).Select(service => new Recorded(service, service.Options.Bake.Record!)),
        () => services.NextChange,
        stoppingToken);

    private Func<CancellationToken, Task> Begin(Recorded recorded)
    {
        // These outlive a failure of the loop: what is answered until it runs again is recorded late.
        var folder = new RecordingFolder(recorded.Service.Name, recorded.Options, time);
        var log = new OutcomeLog(time);
        SetLog(recorded.Service, log);
        return token => RecordAsync(recorded, folder, log, () => SetLog(recorded.Service, null), token);
    }

    private static void SetLog(Service service, OutcomeLog? log)
    {
        foreach (var slot in SlotNames.All)
        {
            service[slot].Meter.Log = log;
        }
    }

    private async Task RecordAsync(Recorded recorded, RecordingFolder folder, OutcomeLog log, Action end, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var failing = false;
        var more = true;
        while (more)
        {
            try
            {
                more = await timer.WaitForNextTickAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                // Once more, for what came last.
                end();
                more = false;
            }

            var lines = Take(log);
            try
            {
                await folder.AppendAsync(lines);
                failing = false;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!failing)
                {
                    LogUnwritable(logger, exception, recorded.Service.Name, recorded.Options.Directory);
                }

                failing = true;
            }

            if (log.TakeDropped() is > 0 and var dropped)
            {
                LogDropped(logger, recorded.Service.Name, dropped);
            }
        }
    }

    private static string Take(OutcomeLog log)
    {
        var lines = new StringBuilder();
        while (log.TryTake(out var taken))
        {
            lines.Append(RecordedOutcome.Of(taken.At, taken.Slot, taken.Outcome).ToLine()).Append('\n');
        }

        return lines.ToString();
    }

    private sealed record Recorded(Service Service, BakeRecordOptions Options);

    [LoggerMessage(4611, LogLevel.Error, "The recording of {Service} can't be written to {Folder}; what is answered meanwhile is left out of it.")]
    private static partial void LogUnwritable(ILogger logger, Exception exception, string service, string folder);

    [LoggerMessage(4612, LogLevel.Warning, "The disk does not keep up with the recording of {Service}; responses that it lacks: {Count}.")]
    private static partial void LogDropped(ILogger logger, string service, long count);
}

/// <summary>The files of one service: <c>orders-20260102T030405.678Z.csv</c>, a sixteenth of the allowed size each, the oldest removed.</summary>
internal sealed class RecordingFolder(string service, BakeRecordOptions options, TimeProvider time)
{
    private const int Files = 16;

    private string? _file;

    public async Task AppendAsync(string lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        var folder = Directory.CreateDirectory(options.Directory);
        var most = options.MaxMegabytes * 1_000_000L;
        if (_file is null || new FileInfo(_file) is not { Exists: true } file || file.Length >= most / Files)
        {
            _file = Path.Combine(folder.FullName, $"{service}-{time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss.fff}Z.csv");
            await File.AppendAllTextAsync(_file, RecordedOutcome.Header + "\n");
        }

        await File.AppendAllTextAsync(_file, lines);
        Prune(folder, most);
    }

    private void Prune(DirectoryInfo folder, long most)
    {
        var files = folder.GetFiles($"{service}-????????T*Z.csv").OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        var total = files.Sum(file => file.Length);
        foreach (var file in files.SkipLast(1))
        {
            if (total <= most)
            {
                return;
            }

            total -= file.Length;
            file.Delete();
        }
    }
}
