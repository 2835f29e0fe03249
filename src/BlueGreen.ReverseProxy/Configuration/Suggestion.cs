namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Finds the known name that a misspelt one was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>How an error of a key that is not known begins.</summary>
    public const string UnknownKey = "is not a known key";

    // "Env" for "Environment"; two letters begin too many names.
    private const int ShortestPrefix = 3;

    // One mistake per three letters: "Paht" is Path, "Port" is not.
    private const int LettersPerMistake = 3;

    /// <summary>The known name that is closest to the text; null where none is close.</summary>
    public static string? For(string text, IEnumerable<string> known)
    {
        string? best = null;
        var least = Math.Max(1, text.Length / LettersPerMistake) + 1;
        foreach (var name in known.Order(StringComparer.Ordinal))
        {
            var distance = Distance(text, name);
            if (distance < least)
            {
                (best, least) = (name, distance);
            }
        }

        return best ?? (text.Length < ShortestPrefix ? null : known.Order(StringComparer.Ordinal).FirstOrDefault(name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>What an error says of a key that is not known: what it may have been meant to be, and which keys there are.</summary>
    public static string ForUnknownKey(string key, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToList();
        var all = string.Join(", ", names);
        return names.Count == 0 ? $"{UnknownKey}: there are none here"
            : For(key, names) is { } meant ? $"{UnknownKey}: did you mean {meant}? Known keys: {all}"
            : $"{UnknownKey}: {all}";
    }

    /// <summary>How many letters are missing, too many, wrong, or swapped with their neighbour (optimal string alignment). Upper and lower case are the same.</summary>
    public static int Distance(string left, string right)
    {
        (left, right) = (left.ToUpperInvariant(), right.ToUpperInvariant());
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }
}
