using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Previews;

/// <summary>What a token says.</summary>
/// <param name="Id">Its number, by which it is revoked.</param>
/// <param name="Key">The number of the key that signed it.</param>
/// <param name="Service">The service that it is for.</param>
/// <param name="Slot">The slot that it shows.</param>
/// <param name="ExpiresAt">When it ends: Unix time in seconds.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PreviewClaims(ulong Id, uint Key, string Service, PreviewSlot Slot, long ExpiresAt);

/// <summary>
/// The text of a preview token: <c>bgp_</c> and, in base64url, slot (1 byte), key (4), id (8), expiry (8), the service's name, and the
/// HMAC-SHA256 of all that (32).
/// </summary>
/// <remarks>
/// The format stays: tokens live longer than a gateway's process, and a test holds one of them. A text is taken only as it was written:
/// base64 has several texts for the same bytes, and a second text of a token would be a flipped bit that nobody notices.
/// </remarks>
internal static class PreviewToken
{
    /// <summary>A prefix that scanners for leaked secrets can look for.</summary>
    public const string Prefix = "bgp_";

    /// <summary>The length of a key, in bytes.</summary>
    public const int KeyBytes = 32;

    private const int MacBytes = HMACSHA256.HashSizeInBytes;
    private const int FixedBytes = 1 + sizeof(uint) + sizeof(ulong) + sizeof(long);
    private const int MaxServiceLength = 64;
    private const int MaxBytes = FixedBytes + MaxServiceLength + MacBytes;
    private const int MaxLength = ((MaxBytes * 4) + 2) / 3;

    // Signed with the claims: the same key could never be made to sign anything else that reads as a token.
    private static ReadOnlySpan<byte> Domain => "bluegreen-preview-1\0"u8;

    /// <summary>Signs a token.</summary>
    public static string Write(in PreviewClaims claims, ReadOnlySpan<byte> key)
    {
        var bytes = new byte[FixedBytes + Encoding.ASCII.GetByteCount(claims.Service) + MacBytes];
        bytes[0] = (byte)claims.Slot;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), claims.Key);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(5), claims.Id);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(13), claims.ExpiresAt);
        Encoding.ASCII.GetBytes(claims.Service, bytes.AsSpan(FixedBytes));
        Sign(bytes.AsSpan(0, bytes.Length - MacBytes), key, bytes.AsSpan(bytes.Length - MacBytes));
        return Prefix + Base64Url.EncodeToString(bytes);
    }

    /// <summary>Whether a text claims to be a token; whether it is one says <see cref="PreviewKeyring.Verify"/>.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<char> text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Reads a token that nobody has vouched for yet.</summary>
    /// <param name="text">The text.</param>
    /// <param name="claims">What it says.</param>
    /// <param name="signed">The bytes that are signed.</param>
    /// <param name="signature">The signature.</param>
    public static bool TryRead(ReadOnlySpan<char> text, out PreviewClaims claims, out byte[] signed, out byte[] signature)
    {
        (claims, signed, signature) = (default, [], []);
        if (!LooksLikeOne(text) || text.Length - Prefix.Length > MaxLength)
        {
            return false;
        }

        text = text[Prefix.Length..];
        Span<byte> bytes = stackalloc byte[MaxBytes];
        Span<char> again = stackalloc char[MaxLength];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var length) != OperationStatus.Done
            || !Base64Url.TryEncodeToChars(bytes[..length], again, out var written)
            || !text.SequenceEqual(again[..written])
            || length <= FixedBytes + MacBytes
            || bytes[0] > (byte)PreviewSlot.Green)
        {
            return false;
        }

        bytes = bytes[..length];
        signed = bytes[..^MacBytes].ToArray();
        signature = bytes[^MacBytes..].ToArray();
        claims = new PreviewClaims(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[5..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]),
            Encoding.ASCII.GetString(bytes[FixedBytes..^MacBytes]),
            (PreviewSlot)bytes[0],
            BinaryPrimitives.ReadInt64BigEndian(bytes[13..]));
        return true;
    }

    /// <summary>Whether the key has signed this. Takes as long for a wrong signature as for the right one.</summary>
    public static bool IsSigned(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> key)
    {
        Span<byte> expected = stackalloc byte[MacBytes];
        Sign(signed, key, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    private static void Sign(ReadOnlySpan<byte> claims, ReadOnlySpan<byte> key, Span<byte> signature)
    {
        Span<byte> message = stackalloc byte[Domain.Length + claims.Length];
        Domain.CopyTo(message);
        claims.CopyTo(message[Domain.Length..]);
        HMACSHA256.HashData(key, message, signature);
    }
}
