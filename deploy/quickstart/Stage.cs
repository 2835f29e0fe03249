using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Load;
using BlueGreen.Quickstart.Views;

namespace BlueGreen.Quickstart;

/// <summary>What there is to see at any moment; the tour changes it, the view draws it.</summary>
internal sealed class Stage(IView view, StatusPoll status, LoadStatistics load)
{
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private volatile string _step = "start";

    public string Step
    {
        get => _step;
        set
        {
            _step = value;
            Note($"--- {value}");
        }
    }

    /// <summary>What is worth to be said again at the end.</summary>
    public List<string> Results { get; } = [];

    /// <summary>Null while the gateway can't be asked.</summary>
    public ServiceStatus? Service => status.Latest;

    public LoadSnapshot ReadLoad() => load.Read();

    /// <summary>Tells what has happened.</summary>
    public void Note(string text) => view.Note($"{TimeProvider.System.GetElapsedTime(_started).TotalSeconds,5:0.0} s  {text}");

    /// <summary>Tells what has happened, now and at the end.</summary>
    public void AddResult(string text)
    {
        Note(text);
        Results.Add(text);
    }
}
