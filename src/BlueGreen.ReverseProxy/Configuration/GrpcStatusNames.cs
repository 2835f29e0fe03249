using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The statuses of gRPC calls by their names, and which of them are the server's failures.</summary>
internal static class GrpcStatusNames
{
    /// <summary>Stands for the status of a response that ended without one.</summary>
    public const int Missing = 17;

    /// <summary>How many there are, <see cref="Missing"/> included.</summary>
    public const int Count = Missing + 1;

    private const int Unknown = 2;

    private static readonly ImmutableArray<string> Names =
    [
        "ok", "cancelled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied", "resource_exhausted",
        "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated",
    ];

    /// <summary>
    /// UNKNOWN, which an unhandled exception becomes; DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS; and no status at all,
    /// which a client takes for UNKNOWN. The others say something of the request.
    /// </summary>
    public static ImmutableArray<int> ServerErrors { get; } = [Unknown, 4, 12, 13, 14, 15, Missing];

    /// <summary>The names from 1 on: 0 is a success.</summary>
    public static IEnumerable<string> Failures => Names.Skip(1);

    public static string NameOf(int status) => Names[status];

    /// <summary>Reads a number from 1 to 16 or a name, in any case and with or without separators: <c>14</c>, <c>UNAVAILABLE</c>, <c>deadlineExceeded</c>.</summary>
    public static bool TryParseFailure(string text, out int status)
    {
        status = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : Names.FindIndex(name => string.Equals(Plain(name), Plain(text), StringComparison.OrdinalIgnoreCase));
        return status > 0 && status < Names.Length;
    }

    /// <summary>What a client makes of a <c>grpc-status</c>: what is no status is UNKNOWN.</summary>
    public static byte Read(ReadOnlySpan<char> text) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status < Names.Length ? status : (byte)Unknown;

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

    private static int FindIndex(this ImmutableArray<string> names, Func<string, bool> match)
    {
        for (var index = 0; index < names.Length; index++)
        {
            if (match(names[index]))
            {
                return index;
            }
        }

        return -1;
    }
}
