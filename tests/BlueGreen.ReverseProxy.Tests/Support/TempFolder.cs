namespace BlueGreen.ReverseProxy.Tests.Support;

internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = TestFolders.Create();

    public string this[string file] => System.IO.Path.Combine(Path, file);

    /// <summary>From now on every write of this file fails with "no space left on device".</summary>
    public void MakeFull(string file)
    {
        File.Delete(this[file]);
        File.CreateSymbolicLink(this[file], "/dev/full");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
