using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>
/// Verifies <c>X-BlueGreen-Mirror: ID.SIGNATURE</c>: 32 hexadecimal digits, and an HMAC-SHA256 over the service and these in base64url.
/// </summary>
internal sealed class MirrorMarkVerifier(string service, IEnumerable<string> keys)
{
    private const int IdLength = 32;
    private const int SignatureLength = 43;
    private const int LongestService = 1024;

    private readonly byte[][] _keys = [.. keys.Select(Encoding.UTF8.GetBytes)];
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes($"bluegreen-mirror\n{service.ToLowerInvariant()}\n");

    /// <summary>Whether the gateway has made this mark, for this service. The time does not depend on how much of it is right, or on the key.</summary>
    public bool IsValid(string mark)
    {
        // Anything longer is no mark; so the work and the stack are bounded, whoever sends it.
        if (mark.Length != IdLength + 1 + SignatureLength || mark[IdLength] != '.' || !Ascii.IsValid(mark))
        {
            return false;
        }

        Span<byte> text = stackalloc byte[IdLength + 1 + SignatureLength];
        Encoding.ASCII.GetBytes(mark, text);
        Span<byte> signed = _prefix.Length + IdLength <= LongestService ? stackalloc byte[_prefix.Length + IdLength] : new byte[_prefix.Length + IdLength];
        _prefix.CopyTo(signed);
        text[..IdLength].CopyTo(signed[_prefix.Length..]);

        // The texts are compared, not the bytes: base64url has several texts for the same bytes.
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[SignatureLength];
        var isValid = false;
        foreach (var key in _keys)
        {
            HMACSHA256.HashData(key, signed, hash);
            Base64Url.EncodeToUtf8(hash, expected);
            isValid |= CryptographicOperations.FixedTimeEquals(expected, text[(IdLength + 1)..]);
        }

        return isValid;
    }
}
