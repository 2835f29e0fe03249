using System.Security.Cryptography;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Checks the seals of closed audit files.</summary>
internal sealed class SealCheck(string folder, FolderReport report)
{
    /// <summary>The hashes that a journal's first line may follow, by the number of the line before: from seals of files that are gone, and from the first format.</summary>
    public Dictionary<long, string> ReadAnchors()
    {
        var anchors = new Dictionary<long, string>();
        foreach (var (_, seal) in ReadSeals(isReported: false))
        {
            anchors[seal.Last] = seal.LastHash;
        }

        var kept = FirstFormatFiles.KeptJournal(folder, "audit");
        if (File.Exists(kept))
        {
            var (entries, hashes) = FormatOne.ReadAudit(
                JournalFiles.ReadLines(kept).Lines, (_, line) => report.Find(Path.GetFileName(kept), line, "the line does not follow from the one before, or can't be read"));
            report.CountFile(entries.Count);
            foreach (var (entry, hash) in entries.Zip(hashes))
            {
                anchors[entry.Sequence] = hash;
            }
        }

        return anchors;
    }

    private List<(string Path, AuditSeal Seal)> ReadSeals(bool isReported)
    {
        var seals = new List<(string, AuditSeal)>();
        foreach (var path in Directory.EnumerateFiles(folder, "audit.*" + AuditSeal.Extension).Order(StringComparer.Ordinal))
        {
            try
            {
                seals.Add((path, StateDocument.Deserialize(Disk.Real.Read(path), StateJson.Default.AuditSeal, "the seal")));
            }
            catch (InvalidDataException exception)
            {
                if (isReported)
                {
                    report.Find(Path.GetFileName(path), null, exception.Message);
                }
            }
        }

        return seals;
    }

    /// <summary>Compares each seal with the file that it was made of.</summary>
    public void Check(JournalCheck audit)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var sealedFiles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, seal) in ReadSeals(isReported: true))
        {
            report.CountFile(lines: 0);
            var name = Path.GetFileName(path);
            if (!seal.IsSigned())
            {
                report.Find(name, null, "its signature does not match: the seal was changed");
            }
            else if (audit.Closed.GetValueOrDefault(seal.File) is { } closed)
            {
                sealedFiles.Add(seal.File);
                keys.Add(seal.PublicKey);
                if ((closed.Sha256, closed.First, closed.Last, closed.LastHash) != (seal.Sha256, seal.First, seal.Last, seal.LastHash))
                {
                    report.Find(seal.File, null, $"it is not what {name} was made of: the file was changed after it was closed");
                }
            }
            else if (name != Path.GetFileName(AuditSealer.SealPath(seal.File)))
            {
                report.Find(name, null, $"it is the seal of {seal.File}");
            }
            else
            {
                keys.Add(seal.PublicKey);
            }
        }

        report.Note(audit.Closed.Keys.Where(file => !sealedFiles.Contains(file)).Order(StringComparer.Ordinal).Select(file => $"{file} is not sealed; the gateway does that when it runs."));
        report.Note(keys.Order(StringComparer.Ordinal).Select(key =>
            $"Seals are signed with key sha256:{Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(key)))}. Compare it with the one that you have noted elsewhere."));
    }
}
