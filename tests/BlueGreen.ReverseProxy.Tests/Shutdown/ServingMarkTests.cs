using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Shutdown;

public sealed class ServingMarkTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // As two containers with one state folder: both are process 1.
    [Fact]
    public async Task Set_ASuccessorWithTheSameProcessId_IsKnownByBothAndKeepsItsFile()
    {
        var (leaving, successor) = (NewMark(), NewMark());
        leaving.Set();
        (await leaving.IsAnothersAsync(CancellationToken.None)).Should().BeFalse();
        await UntilFilesGetALaterTimeAsync();

        successor.Set();

        (await leaving.IsAnothersAsync(CancellationToken.None)).Should().BeTrue();
        (await successor.IsAnothersAsync(CancellationToken.None)).Should().BeFalse();
        await leaving.RemoveAsync();
        File.ReadAllText(_folder["gateway.pid"]).Should().Be($"{Environment.ProcessId}");
        await successor.RemoveAsync();
        Directory.GetFiles(_folder.Path).Should().BeEmpty();
    }

    private ServingMark NewMark() => new(
        new BlueGreenOptions { State = new StateOptions { Directory = _folder.Path } }, TimeProvider.System, NullLogger<ServingMark>.Instance);

    // The file system's clock ticks every few milliseconds.
    private async Task UntilFilesGetALaterTimeAsync()
    {
        var file = _folder["tick"];
        do
        {
            await Task.Delay(1);
            await File.WriteAllTextAsync(file, "");
        }
        while (File.GetLastWriteTimeUtc(file) <= File.GetLastWriteTimeUtc(_folder["gateway.pid"]));

        File.Delete(file);
    }
}
