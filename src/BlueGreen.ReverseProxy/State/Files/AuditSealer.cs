using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>What is signed when a file of the audit is closed, so that it can be kept elsewhere and still be trusted.</summary>
/// <param name="File">The closed file.</param>
/// <param name="First">The number of its first line.</param>
/// <param name="Last">The number of its last line.</param>
/// <param name="LastHash">The SHA-256 of its last line, which the next file's first line repeats.</param>
/// <param name="Sha256">The SHA-256 of the file.</param>
/// <param name="At">When it was closed (UTC).</param>
/// <param name="PublicKey">The key that verifies the signature: SubjectPublicKeyInfo, base64.</param>
/// <param name="Signature">ECDSA over P-256 with SHA-256, of <see cref="Signed"/>, base64.</param>
internal sealed record AuditSeal(string File, long First, long Last, string LastHash, string Sha256, DateTimeOffset At, string PublicKey, string Signature)
{
    public const string Extension = ".seal.json";

    /// <summary>The signed text: one value per line.</summary>
    [JsonIgnore]
    public byte[] Signed => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"bluegreen-audit-seal-1\n{File}\n{First}\n{Last}\n{LastHash}\n{Sha256}\n{At.UtcTicks}\n"));

    public bool IsSigned()
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(PublicKey), out _);
            return key.VerifyData(Signed, Convert.FromBase64String(Signature), HashAlgorithmName.SHA256);
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>Signs the closed files of the audit with a key of this folder.</summary>
/// <remarks>
/// Whoever may write the folder may also read the key. A seal proves something once it, or the public key, is kept where they can't
/// write: ship <c>*.seal.json</c> with the log, and compare.
/// </remarks>
internal sealed class AuditSealer(string folder, Disk disk, TimeProvider time)
{
    private const string KeyName = "audit-key.pem";

    /// <summary>Where the seal of a closed file is.</summary>
    public static string SealPath(string closed) => Path.ChangeExtension(closed, null) + AuditSeal.Extension;

    /// <exception cref="IOException">Not sealed.</exception>
    /// <exception cref="UnauthorizedAccessException">Not sealed.</exception>
    /// <exception cref="InvalidDataException">The folder's key is none.</exception>
    public void Seal(string closed)
    {
        var bytes = disk.Read(closed);
        var lines = JournalFiles.Split(bytes).Lines.Select(JournalLine.TryParse).OfType<JournalLine>().ToList();
        if (lines.Count == 0)
        {
            return;
        }

        using var key = LoadKey();
        var seal = new AuditSeal(
            Path.GetFileName(closed),
            lines[0].Number,
            lines[^1].Number,
            lines[^1].Hash,
            Convert.ToHexStringLower(SHA256.HashData(bytes)),
            time.GetUtcNow(),
            Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
            Signature: "");
        seal = seal with { Signature = Convert.ToBase64String(key.SignData(seal.Signed, HashAlgorithmName.SHA256)) };
        var path = SealPath(closed);
        DurableFile.Replace(path, path + ".previous", JsonSerializer.SerializeToUtf8Bytes(seal, StateJson.Default.AuditSeal), mode: null, disk);
    }

    private ECDsa LoadKey()
    {
        var path = Path.Combine(folder, KeyName);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path))
        {
            try
            {
                key.ImportFromPem(File.ReadAllText(path));
            }
            catch (Exception exception) when (exception is ArgumentException or CryptographicException)
            {
                key.Dispose();
                throw new InvalidDataException($"{path} is no key for the seals of the audit. Restore it from a backup, or move it away to have a new one made.", exception);
            }
        }
        else
        {
            DurableFile.Replace(path, path + ".previous", Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite, disk);
        }

        return key;
    }
}
