using System.Text;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class StateDocumentTests
{
    private readonly byte[] _document = StateDocument.Write(States.Full(), [Line]);

    private static readonly PendingLine Line = new("audit", """{"n":1,"revision":17,"at":"2024-05-01T12:00:00+00:00","record":{}}""");

    private int BodyStart => Array.IndexOf(_document, (byte)'\n') + 1;

    [Fact]
    public void Read_WhatWasWritten_IsTheSameState()
    {
        var content = StateDocument.Read(_document);

        content.State.Should().BeEquivalentTo(States.Full(), options => options.WithStrictOrdering());
        content.Pending.Should().Equal(Line);
        Again(content).Should().Equal(_document);
    }

    [Fact]
    public void Read_FindsServicesWithoutRegardToCase()
    {
        StateDocument.Read(_document).State.Services["USERS"].Should().Be(States.Full().Services["Users"]);
    }

    // A deployment that is repeated after a restart has to be recognized as the one that is there.
    [Fact]
    public void Read_FindsDestinationsWithoutRegardToCase()
    {
        StateDocument.Read(_document).State.Services["orders"].Green!.Destinations.ContainsKey("G1").Should().BeTrue();
    }

    [Fact]
    public void Document_IsThreeLines()
    {
        Encoding.UTF8.GetString(_document).Split('\n').Should().HaveCount(4).And.EndWith([""]);
    }

    [Fact]
    public void Read_CutOffAnywhere_IsRefused()
    {
        for (var length = 0; length < _document.Length; length++)
        {
            Refused(_document[..length]).Should().BeTrue("{0} of {1} bytes are not the document", length, _document.Length);
        }
    }

    [Fact]
    public void Read_AnyBitOfTheStateFlipped_IsRefused()
    {
        ForEachFlip(BodyStart - 1, _document.Length, (at, flipped) => Refused(flipped).Should().BeTrue("byte {0} was changed", at));
    }

    // The header is no part of what its checksum covers. A change there is refused, or it is one that means nothing, such as the
    // case of a hexadecimal digit; never does it lead to another state.
    [Fact]
    public void Read_AnyBitOfTheHeaderFlipped_IsRefusedOrTheSameState()
    {
        ForEachFlip(0, BodyStart, (at, flipped) =>
            (Refused(flipped) || Again(StateDocument.Read(flipped)).SequenceEqual(_document)).Should().BeTrue("byte {0} was changed", at));
    }

    [Fact]
    public void Read_RevisionOfTheHeaderChanged_IsRefused()
    {
        var text = Encoding.UTF8.GetString(_document);
        var at = text.IndexOf("\"revision\":17", StringComparison.Ordinal);
        at.Should().BeInRange(0, BodyStart);

        Refused(Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, at), "\"revision\":18", text.AsSpan(at + 13)))).Should().BeTrue();
    }

    [Fact]
    public void Read_SomethingAppended_IsRefused()
    {
        Refused([.. _document, (byte)' ']).Should().BeTrue();
        Refused([.. _document, .. _document]).Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("{}\n{}\n")]
    [InlineData("null\nnull\n")]
    [InlineData("[]\n[]\n")]
    public void Read_SomethingElse_IsRefused(string text)
    {
        Refused(Encoding.UTF8.GetBytes(text)).Should().BeTrue();
    }

    [Fact]
    public void Read_OfALaterFormat_SaysSo()
    {
        var later = Encoding.UTF8.GetString(_document)
            .Replace("{\"format\":2,", "{\"format\":9,", StringComparison.Ordinal)
            .Replace("\"reads\":2", "\"reads\":9", StringComparison.Ordinal);

        later.Invoking(text => StateDocument.Read(Encoding.UTF8.GetBytes(text))).Should().Throw<OtherBuildException>().WithMessage("*format 9*up to format 2*");
    }

    // A newer build says which formats can read what it has written.
    [Fact]
    public void Read_OfALaterFormatThatThisOneCanRead_IsRead()
    {
        var later = Encoding.UTF8.GetString(_document).Replace("{\"format\":2,", "{\"format\":9,", StringComparison.Ordinal);

        StateDocument.Read(Encoding.UTF8.GetBytes(later)).State.Revision.Should().Be(17);
    }

    // Dropping it would lose what a newer build has stored.
    [Fact]
    public void Read_MemberThatIsNotKnown_IsRefused()
    {
        var text = Encoding.UTF8.GetString(_document);
        var body = text[BodyStart..].Replace("\"lastRelease\":4", "\"lastRelease\":4,\"lastWish\":1", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(body);
        var header = $$"""{"format":2,"revision":17,"length":{{bytes.Length}},"sha256":"{{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))}}"}""" + "\n";

        Refused([.. Encoding.UTF8.GetBytes(header), .. bytes]).Should().BeTrue();
    }

    private static byte[] Again(StateContent content) => StateDocument.Write(content.State, content.Pending);

    private void ForEachFlip(int from, int to, Action<int, byte[]> check)
    {
        for (var at = from; at < to; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var flipped = (byte[])_document.Clone();
                flipped[at] ^= (byte)(1 << bit);
                check(at, flipped);
            }
        }
    }

    // Anything but InvalidDataException would not be taken for damage by the store, and fails the test.
    private static bool Refused(byte[] bytes)
    {
        try
        {
            StateDocument.Read(bytes);
            return false;
        }
        catch (Exception exception) when (exception is InvalidDataException or OtherBuildException)
        {
            return true;
        }
    }
}
