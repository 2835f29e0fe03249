using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>
/// <c>X-BlueGreen-Mirror</c>: tells an API that a request is a copy whose answer nobody gets. <c>ID.SIGNATURE</c>, where the signature is an
/// HMAC-SHA256 over the service and the id: an API that suppresses side effects for such a request must not do so for anybody else's.
/// </summary>
internal static class MirrorMark
{
    public const string Header = "X-BlueGreen-Mirror";

    private const string Purpose = "bluegreen-mirror";
    private const int IdBytes = 16;

    /// <summary>The mark of a new copy.</summary>
    public static string Create(byte[] key, string service)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        return $"{id}.{Sign(key, service, id)}";
    }

    /// <summary>The signature of an id. Names of services are compared without regard to case, and so they are signed.</summary>
    public static string Sign(byte[] key, string service, string id) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{Purpose}\n{service.ToLowerInvariant()}\n{id}")));
}
