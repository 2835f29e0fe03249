using System.Buffers.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Previews;

public sealed class PreviewTokenTests
{
    // A token as the first build with previews wrote it: those that are out there must go on counting.
    private const string Golden = "bgp_AAECAwQREhMUFRYXGAAAAAB__4KAb3JkZXJzRJYW4UmvSAAb5bE7DLHko875nMQmFZGCPJu1Mhcn82o";

    private static readonly DateTimeOffset Expiry = DateTimeOffset.FromUnixTimeSeconds(0x7FFF8280);
    private static readonly DateTimeOffset Before = Expiry.AddSeconds(-1);
    private static readonly byte[] Secret = [.. Enumerable.Range(1, PreviewToken.KeyBytes).Select(value => (byte)value)];
    private static readonly PreviewKey Key = new(0x01020304, Secret);
    private static readonly PreviewClaims Claims = new(0x1112131415161718, Key.Id, "orders", PreviewSlot.Standby, Expiry.ToUnixTimeSeconds());
    private static readonly PreviewKeyring Keyring = new([Key], []);

    private static readonly Gen<PreviewClaims> AnyClaims =
        from id in Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(0, int.MaxValue))
        from length in Gen.Choose(1, 64)
        from name in Gen.Elements("abcXYZ019-_.".ToCharArray()).ArrayOf(length)
        from slot in Gen.Elements(PreviewSlot.Standby, PreviewSlot.Blue, PreviewSlot.Green)
        from seconds in Gen.Choose(1, 86_400)
        select new PreviewClaims(((ulong)id.Item1 << 32) | (uint)id.Item2, Key.Id, new string(name), slot, Expiry.ToUnixTimeSeconds() + seconds);

    [Fact]
    public void Write_WhatTheFirstBuildWrote_IsTheSameText() => PreviewToken.Write(Claims, Secret).Should().Be(Golden);

    [Fact]
    public void Verify_WhatTheFirstBuildWrote_Counts()
    {
        Keyring.Verify(Golden, "orders", Before, out var claims).Should().Be(PreviewFault.None);
        claims.Should().Be(Claims);
    }

    [Fact]
    public void Verify_AnyToken_SaysWhatWasSigned() => AnyClaims.Holds(wanted =>
    {
        var token = PreviewToken.Write(wanted, Secret);

        Keyring.Verify(token, wanted.Service, Expiry, out var claims).Should().Be(PreviewFault.None);
        claims.Should().Be(wanted);
        Uri.EscapeDataString(token).Should().Be(token, "it stands in headers, cookies and links as it is");
    });

    [Fact]
    public void Verify_AnyTokenWithAnyBitFlipped_IsRefused() => AnyClaims.Holds(
        wanted =>
        {
            var bytes = Base64Url.DecodeFromChars(PreviewToken.Write(wanted, Secret).AsSpan(PreviewToken.Prefix.Length));
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Keyring.Verify(PreviewToken.Prefix + Base64Url.EncodeToString(bytes), wanted.Service, Expiry, out _).Should().NotBe(PreviewFault.None, "bit {0} is flipped", bit);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        },
        tests: 20);

    // Base64 has several texts for the same bytes: the bits that are left over at its end, padding, white space.
    [Fact]
    public void Verify_AnyTokenWithAnyCharacterChangedOrAdded_IsRefused() => AnyClaims.Holds(
        wanted =>
        {
            var token = PreviewToken.Write(wanted, Secret);
            for (var index = 0; index <= token.Length; index++)
            {
                foreach (var character in "AQgwB-_= \t")
                {
                    Refused(token.Insert(index, character.ToString()), wanted.Service);
                    if (index < token.Length && token[index] != character)
                    {
                        Refused(string.Concat(token.AsSpan(0, index), character.ToString(), token.AsSpan(index + 1)), wanted.Service);
                    }
                }
            }
        },
        tests: 10);

    [Fact]
    public void Verify_AnyText_NeverThrows() => Gen.Choose(0, 0xFFFF).Select(value => (char)value).ArrayOf().Holds(
        characters =>
        {
            Refused(new string(characters), "orders");
            Refused(PreviewToken.Prefix + new string(characters), "orders");
            Refused(PreviewToken.Prefix + Base64Url.EncodeToString(Array.ConvertAll(characters, character => (byte)character)), "orders");
        },
        tests: 1000);

    [Theory]
    [InlineData("orders", -1, nameof(PreviewFault.None))]
    [InlineData("ORDERS", -1, nameof(PreviewFault.None))]
    [InlineData("orders", 0, nameof(PreviewFault.Expired))]
    [InlineData("orders", 3600, nameof(PreviewFault.Expired))]
    [InlineData("users", -1, nameof(PreviewFault.OtherService))]
    [InlineData("order", -1, nameof(PreviewFault.OtherService))]
    public void Verify_ByServiceAndTime(string service, int seconds, string expected) =>
        Keyring.Verify(Golden, service, Expiry.AddSeconds(seconds), out _).ToString().Should().Be(expected);

    [Fact]
    public void Verify_AMomentBeforeTheEnd_Counts() => Keyring.Verify(Golden, "orders", Expiry.AddTicks(-1), out _).Should().Be(PreviewFault.None);

    [Fact]
    public void Verify_Revoked_IsRefused() =>
        new PreviewKeyring([Key], [1, Claims.Id]).Verify(Golden, "orders", Before, out _).Should().Be(PreviewFault.Revoked);

    [Fact]
    public void Verify_KeyThatIsGone_IsRefused() =>
        new PreviewKeyring([Key with { Id = 5 }], []).Verify(Golden, "orders", Before, out _).Should().Be(PreviewFault.UnknownKey);

    [Fact]
    public void Verify_OtherKeyOfTheSameNumber_IsRefused() =>
        new PreviewKeyring([Key with { Secret = new byte[PreviewToken.KeyBytes] }], []).Verify(Golden, "orders", Before, out _).Should().Be(PreviewFault.Forged);

    // Whoever has stolen a key goes on signing with it after it was replaced.
    [Fact]
    public void Verify_KeyThatWasReplaced_CountsForTokensOfItsTimeOnly()
    {
        var keyring = new PreviewKeyring([Key with { VerifiesUntil = Claims.ExpiresAt }], []);

        keyring.Verify(Golden, "orders", Before, out _).Should().Be(PreviewFault.None);
        keyring.Verify(PreviewToken.Write(Claims with { ExpiresAt = Claims.ExpiresAt + 1 }, Secret), "orders", Before, out _).Should().Be(PreviewFault.Expired);
    }

    [Fact]
    public void Key_AsText_HasNoSecret() => Key.ToString().Should().Be("preview key 01020304");

    private static void Refused(string token, string service) => Keyring.Verify(token, service, Before, out _).Should().NotBe(PreviewFault.None, token);
}
