using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = TestFolders.Create();

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
