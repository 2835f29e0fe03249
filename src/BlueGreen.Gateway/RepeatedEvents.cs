using System.Globalization;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;
using Serilog.Parsing;

namespace BlueGreen.Gateway;

/// <summary>
/// Keeps what requests cause out of the log but for the first of a kind: the rest is counted, and said in one line when the time is
/// over. An API that is down under load would write thousands of lines a second, and a client that sends garbage as its affinity
/// cookie can do the same for as long as it likes.
/// </summary>
/// <param name="time">What the time between two lines is measured by.</param>
internal sealed class RepeatedEvents(TimeProvider time) : ILogEventFilter, IHostedService
{
    /// <summary>Kinds that are told apart at once; what is beyond goes into the log as it comes.</summary>
    public const int MaxKinds = 1000;

    public static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    private static readonly string[] Categories = ["Yarp.ReverseProxy.", typeof(ForwardFailureLog).FullName!, typeof(PreviewEntrance).FullName!, "Microsoft.AspNetCore.Server.Kestrel"];

    // What tells two events of one template apart. All of them come from the configuration or from a list of the proxy's: what a client
    // sends makes no kinds.
    private static readonly string[] Marks = ["Cluster", "clusterId", "Destination", "destinationId", "Error", "error", "Fault", "Route", "routeId", "Service"];

    private static readonly MessageTemplate Summary = new MessageTemplateParser().Parse("{Count} more like this within {Seconds} s: {First:l}");

    private static readonly MessageTemplateTextFormatter Plain = new("{Message:lj}", CultureInfo.InvariantCulture);

    private readonly Lock _lock = new();
    private readonly Dictionary<Kind, Repeats> _kinds = [];
    private Serilog.ILogger? _output;
    private ITimer? _end;
    private bool _stopped;

    /// <summary>Where the counts go.</summary>
    public void WriteTo(Serilog.ILogger output) => _output = output;

    public bool IsEnabled(LogEvent logEvent)
    {
        if (CategoryOf(logEvent) is not { } category || logEvent.Level < LogEventLevel.Warning || ReferenceEquals(logEvent.MessageTemplate, Summary))
        {
            return true;
        }

        var kind = new Kind(category, logEvent.MessageTemplate.Text, logEvent.Exception?.GetType(), string.Join('\n', Marks.Select(mark => logEvent.Properties.GetValueOrDefault(mark)?.ToString())));
        lock (_lock)
        {
            if (_stopped)
            {
                return true;
            }

            if (_kinds.TryGetValue(kind, out var repeats))
            {
                repeats.Count++;
                return false;
            }

            if (_kinds.Count < MaxKinds)
            {
                _kinds.Add(kind, new Repeats(logEvent));
                _end ??= time.CreateTimer(static self => ((RepeatedEvents)self!).FlushInBackground(), this, BetweenLines, Timeout.InfiniteTimeSpan);
            }

            return true;
        }
    }

    /// <summary>Writes what was only counted so far; the next of each kind is a first one again.</summary>
    public void Flush()
    {
        Repeats[] counted;
        lock (_lock)
        {
            counted = [.. _kinds.Values.Where(repeats => repeats.Count > 0)];
            _kinds.Clear();
            _end?.Dispose();
            _end = null;
        }

        foreach (var repeats in counted)
        {
            _output?.Write(SummaryOf(repeats));
        }
    }

    // On a timer's thread, where an exception would end the process.
    private void FlushInBackground()
    {
        try
        {
            Flush();
        }
#pragma warning disable CA1031 // The counts of one period are lost; the log says so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // Not through the log: it may be what has failed.
            Console.Error.WriteLine($"Repeated log events of the last {BetweenLines.TotalSeconds} s could not be summed up: {exception}");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>From now on everything is written: nobody would come back to say how much it was.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _stopped = true;
        }

        Flush();
        return Task.CompletedTask;
    }

    private static string? CategoryOf(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var value) && value is ScalarValue { Value: string category }
            && Array.Exists(Categories, prefix => category.StartsWith(prefix, StringComparison.Ordinal))
            ? category : null;

    // Everything that the first one says of itself, for whoever reads the log with a program; not its stack trace, which is there already.
    private LogEvent SummaryOf(Repeats repeats)
    {
        var first = repeats.First;
        var properties = first.Properties.Select(property => new LogEventProperty(property.Key, property.Value)).Concat(
        [
            new LogEventProperty("Count", new ScalarValue(repeats.Count)),
            new LogEventProperty("Seconds", new ScalarValue(BetweenLines.TotalSeconds)),
            new LogEventProperty("First", new ScalarValue(TextOf(first))),
        ]);
        return new LogEvent(time.GetLocalNow(), first.Level, exception: null, Summary, properties);
    }

    // As the console writes it: without quotes around what is text.
    private static string TextOf(LogEvent entry)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Plain.Format(entry, text);
        return text.ToString();
    }

    private readonly record struct Kind(string Category, string Template, Type? Exception, string Marks);

    private sealed class Repeats(LogEvent first)
    {
        public LogEvent First { get; } = first;

        public long Count { get; set; }
    }
}
