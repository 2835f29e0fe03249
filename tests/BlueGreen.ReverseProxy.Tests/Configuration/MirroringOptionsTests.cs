using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>The key of the mirrors' marks, from the configuration or from a file.</summary>
public sealed class MirroringOptionsTests : IDisposable
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    private readonly string _folder = TestFolders.Create();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{ \"Key\": \"0123456789abcdef0123456789abcde\" }", "Key", null, "is not allowed (value not shown): at least 32 characters, without white space around them")]
    [InlineData("{ \"Key\": \" 0123456789abcdef0123456789abcdef\" }", "Key", null, "is not allowed (value not shown): at least 32 characters, without white space around them")]
    [InlineData("{ \"Key\": \"0123456789abcdef0123456789abcdef\\n\" }", "Key", null, "is not allowed (value not shown): at least 32 characters, without white space around them")]
    [InlineData("{ \"Key\": \"0123456789abcdef0123456789abcdef\", \"KeyFile\": \"x\" }", "KeyFile", "x", "is not allowed beside Key: one of the two")]
    [InlineData("{ \"Secret\": \"0123456789abcdef0123456789abcdef\" }", "Secret", null, "is not a known key: Key, KeyFile")]
    public void Key_BadValue_IsOneErrorThatDoesNotShowIt(string section, string key, string? value, string allowed) =>
        Reading.Of($$"""{ "Mirroring": {{section}} }""").OnlyError().Should().Be(new ConfigurationError($"BlueGreen:Mirroring:{key}", value, allowed));

    [Fact]
    public void Options_AsText_DoNotShowTheKey()
    {
        var (options, errors) = Reading.Of($$"""{ "Mirroring": { "Key": "{{Key}}" } }""");

        errors.Should().BeEmpty();
        options.Mirroring.Key.Should().Be(Key);
        options.ToString().Should().NotContain(Key);
    }

    [Fact]
    public void Key_OfAFile_IsReadWithoutTheWhiteSpaceAroundIt()
    {
        var file = Path.Combine(_folder, "key");
        File.WriteAllText(file, $"{Key}\n");

        MirrorKeyFile.TryRead(new MirroringOptions { KeyFile = file }, out var key).Should().BeNull();
        key.Should().Equal(Encoding.UTF8.GetBytes(Key));
        MirrorKeyFile.TryRead(new MirroringOptions { Key = Key }, out var inline).Should().BeNull();
        inline.Should().Equal(key);
        MirrorKeyFile.TryRead(new MirroringOptions(), out var none).Should().BeNull();
        none.Should().BeNull();
    }

    [Theory]
    [InlineData(null, "can't be read: *")]
    [InlineData("", "can't be used: the file must hold one key of at least 32 characters")]
    [InlineData("too short", "can't be used: the file must hold one key of at least 32 characters")]
    public void Key_OfAFileThatCannotBeUsed_SaysWhyWithoutItsContent(string? content, string why)
    {
        var file = Path.Combine(_folder, "key");
        if (content is not null)
        {
            File.WriteAllText(file, content);
        }

        MirrorKeyFile.TryRead(new MirroringOptions { KeyFile = file }, out var key).Should().Match(why);
        key.Should().BeNull();
    }
}
