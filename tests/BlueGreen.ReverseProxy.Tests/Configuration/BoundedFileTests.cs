using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class BoundedFileTests : IDisposable
{
    private const int Max = 10_000;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(Max)]
    public void Read_UpToTheBound_IsTheWholeContent(int length)
    {
        var content = new byte[length];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_folder["file"], content);

        BoundedFile.Read(_folder["file"], Max).Should().Equal(content);
    }

    [Theory]
    [InlineData(Max + 1)]
    [InlineData(3 * Max)]
    public void Read_OverTheBound_IsNothing(int length)
    {
        File.WriteAllBytes(_folder["file"], new byte[length]);

        BoundedFile.Read(_folder["file"], Max).Should().BeNull();
    }

    // Neither has a length.
    [Theory]
    [InlineData("/dev/zero", true)]
    [InlineData("/proc/self/maps", false)]
    public void Read_OfAFileThatDoesNotSayItsLength_EndsWhereItEndsOrAtTheBound(string path, bool isEndless)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var content = BoundedFile.Read(path, 16 * 1024 * 1024);

        (content is null).Should().Be(isEndless);
        (content?.Length ?? 1).Should().BePositive();
    }
}
