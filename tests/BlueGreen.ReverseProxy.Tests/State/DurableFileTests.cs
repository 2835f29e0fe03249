using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class DurableFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Replace_WithoutAFile_CreatesIt()
    {
        Replace("one");

        File.ReadAllText(_folder["a"]).Should().Be("one");
        File.Exists(_folder["a.previous"]).Should().BeFalse();
    }

    [Fact]
    public void Replace_Again_KeepsTheOneBefore()
    {
        Replace("one");
        Replace("two");
        Replace("three, which is longer");

        File.ReadAllText(_folder["a"]).Should().Be("three, which is longer");
        File.ReadAllText(_folder["a.previous"]).Should().Be("two");
        Directory.GetFiles(_folder.Path).Should().HaveCount(2, "nothing temporary is left");
    }

    [Fact]
    public void Replace_LeftoverOfACrash_IsOverwritten()
    {
        Replace("one");
        File.WriteAllText(_folder["a.tmp"], new string('x', 1000));

        Replace("two");

        File.ReadAllText(_folder["a"]).Should().Be("two");
    }

    [Fact]
    public void Replace_DiskFull_ThrowsAndLeavesBothFilesAsTheyWere()
    {
        Replace("one");
        Replace("two");
        _folder.MakeFull("a.tmp");

        this.Invoking(it => it.Replace("three")).Should().Throw<IOException>();

        File.ReadAllText(_folder["a"]).Should().Be("two");
        File.ReadAllText(_folder["a.previous"]).Should().Be("one");
    }

    private void Replace(string text) => DurableFile.Replace(_folder["a"], _folder["a.previous"], System.Text.Encoding.UTF8.GetBytes(text));
}
