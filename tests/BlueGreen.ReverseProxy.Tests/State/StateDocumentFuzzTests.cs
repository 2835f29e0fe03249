using System.Security.Cryptography;
using System.Text;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class StateDocumentFuzzTests
{
    private static readonly byte[][] Documents = [StateDocument.Write(States.Full(), []), StateDocument.Write(States.Of("orders"), []), StateDocument.Write(new GatewayState(), [])];

    [Fact]
    public void Read_AnyDamagedFile_IsRefusedAsOneOrRead()
    {
        Fuzzing.Run(Documents, bytes => ReadOrRefuse(bytes));
    }

    // The checksum keeps accidents out. Somebody who edits the file by hand makes a new one, and then the content itself is judged.
    [Fact]
    public void Read_AnyDamagedStateWithTheRightChecksum_IsRefusedAsOneOrCanBeWrittenAgain()
    {
        var read = 0;
        Fuzzing.Run([.. Documents.Select(document => document[(Array.IndexOf(document, (byte)'\n') + 1)..])], body =>
        {
            var revision = Encoding.UTF8.GetString(body).Contains("\"revision\":17", StringComparison.Ordinal) ? 17 : 0;
            if (ReadOrRefuse(WithHeader(body, revision)) is { } state)
            {
                StateDocument.Write(state, []);
                read++;
            }
        });

        read.Should().BePositive("otherwise nothing got past the header");
    }

    // Found by the fuzzer.
    [Theory]
    [InlineData("\"drainSeconds\":300", "\"drainSeconds\":1e999")]
    [InlineData("\"services\":", "\"service\":")]
    [InlineData("\"running\":[", "\"running\":[null,")]
    [InlineData("\"Users\":", "\"ORDERS\":")]
    public void Read_StateEditedByHand_IsRefused(string was, string becomes)
    {
        var text = Encoding.UTF8.GetString(Documents[0]);
        var body = text[(text.IndexOf('\n') + 1)..];
        body.Should().Contain(was);

        ReadOrRefuse(WithHeader(Encoding.UTF8.GetBytes(body.Replace(was, becomes, StringComparison.Ordinal)), revision: 17)).Should().BeNull();
    }

    private static byte[] WithHeader(byte[] body, int revision)
    {
        var header = $$"""{"format":2,"revision":{{revision}},"length":{{body.Length}},"sha256":"{{Convert.ToHexStringLower(SHA256.HashData(body))}}"}""";
        return [.. Encoding.UTF8.GetBytes(header), (byte)'\n', .. body];
    }

    private static GatewayState? ReadOrRefuse(byte[] bytes)
    {
        try
        {
            return StateDocument.Read(bytes).State;
        }
        catch (Exception exception) when (exception is InvalidDataException or OtherBuildException)
        {
            return null;
        }
    }
}
