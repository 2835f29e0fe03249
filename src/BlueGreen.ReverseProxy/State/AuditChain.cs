using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// The hash that ties an audit entry to the one before: SHA-256 over the previous hash and the entry's JSON without its own hash.
/// Whoever edits or removes a line has to write every later line anew, and the entries' copies elsewhere (log, events) tell.
/// </summary>
internal static class AuditChain
{
    /// <summary>What the first entry follows.</summary>
    public static string Start { get; } = new('0', SHA256.HashSizeInBytes * 2);

    public static string HashOf(string previous, AuditRecord entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(previous));
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(entry with { Hash = null }, StateJson.Default.AuditRecord));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
