using System.Collections.Concurrent;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>The WebSockets and streams of a slot that have not been asked to leave.</summary>
internal sealed class LongLivedWork
{
    private readonly ConcurrentDictionary<DepartingReader, byte> _readers = new();

    public int Count => _readers.Count;

    public void Add(DepartingReader reader) => _readers.TryAdd(reader, 0);

    public void Remove(DepartingReader reader) => _readers.TryRemove(reader, out _);

    /// <summary>Asks some of them to leave.</summary>
    /// <param name="count">How many at the most.</param>
    /// <param name="patience">How long each may wait for a moment in which nothing is under way.</param>
    public void Leave(int count, TimeSpan patience)
    {
        foreach (var (reader, _) in _readers)
        {
            if (count-- <= 0)
            {
                return;
            }

            if (_readers.TryRemove(reader, out _))
            {
                reader.Leave(patience);
            }
        }
    }
}
