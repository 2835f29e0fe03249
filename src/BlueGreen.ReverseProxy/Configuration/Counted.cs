namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A number of things, as people write it.</summary>
internal static class Counted
{
    /// <summary><c>1 client</c>, <c>2 clients</c>; for nouns whose plural ends in s.</summary>
    public static string Of(long number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
