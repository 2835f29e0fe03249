using BlueGreen.ReverseProxy.State.Files;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The real disk, which remembers what was read.</summary>
internal sealed class CountingDisk : Disk
{
    public List<string> Reads { get; } = [];

    public long Bytes { get; private set; }

    public override byte[] Read(string path)
    {
        var bytes = base.Read(path);
        Reads.Add(path);
        Bytes += bytes.Length;
        return bytes;
    }
}
