using System.Collections.Concurrent;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>The WebSockets and streams of a slot that have not been asked to close yet.</summary>
internal sealed class LongLivedConnections
{
    private readonly ConcurrentDictionary<GracefulCloseReader, byte> _readers = new();

    public int Count => _readers.Count;

    public void Add(GracefulCloseReader reader) => _readers.TryAdd(reader, 0);

    public void Remove(GracefulCloseReader reader) => _readers.TryRemove(reader, out _);

    /// <summary>Asks some of them to close.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="patience">How long each may wait for a pause.</param>
    public void RequestClose(int count, TimeSpan patience)
    {
        foreach (var (reader, _) in _readers)
        {
            if (count-- <= 0)
            {
                return;
            }

            if (_readers.TryRemove(reader, out _))
            {
                reader.RequestClose(patience);
            }
        }
    }
}
