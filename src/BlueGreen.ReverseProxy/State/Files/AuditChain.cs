using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// Ties each audit line to the one before: it repeats the SHA-256 of that line's raw bytes. Whoever edits or removes a line has to
/// write every later line anew, and the entries' copies elsewhere (log, events, seals) tell.
/// </summary>
internal static class AuditChain
{
    /// <summary>The numbers of the lines that do not follow from the one before, among lines that follow each other.</summary>
    public static IEnumerable<long> FindBroken(ImmutableArray<JournalLine> lines)
    {
        for (var index = 1; index < lines.Length; index++)
        {
            if (lines[index].Previous != lines[index - 1].Hash || lines[index].Number != lines[index - 1].Number + 1)
            {
                yield return lines[index].Number;
            }
        }
    }
}
