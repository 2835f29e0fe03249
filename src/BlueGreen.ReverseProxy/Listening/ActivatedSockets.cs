using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Listening sockets that systemd opened and handed over: sd_listen_fds(3).</summary>
internal static class ActivatedSockets
{
    // Named so in the socket unit: FileDescriptorName=admin.
    private const string AdminName = "admin";
    private const int FirstDescriptor = 3;

    private static readonly ImmutableArray<(ulong Handle, bool IsAdmin)> All = Read(
        Environment.GetEnvironmentVariable("LISTEN_PID"),
        Environment.GetEnvironmentVariable("LISTEN_FDS"),
        Environment.GetEnvironmentVariable("LISTEN_FDNAMES"),
        Environment.ProcessId);

    public static bool Any => !All.IsEmpty;

    /// <summary>The sockets for proxied traffic.</summary>
    public static IEnumerable<ulong> Proxy => All.Where(socket => !socket.IsAdmin).Select(socket => socket.Handle);

    /// <summary>The sockets for the admin API.</summary>
    public static IEnumerable<ulong> Admin => All.Where(socket => socket.IsAdmin).Select(socket => socket.Handle);

    internal static ImmutableArray<(ulong Handle, bool IsAdmin)> Read(string? process, string? count, string? names, int self)
    {
        // The variables are inherited; they are meant for the process that they name only.
        if (!int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var addressee)
            || addressee != self
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var sockets))
        {
            return [];
        }

        var named = (names ?? "").Split(':');
        return
        [
            .. Enumerable.Range(0, sockets).Select(index =>
                ((ulong)(FirstDescriptor + index), string.Equals(named.ElementAtOrDefault(index), AdminName, StringComparison.Ordinal))),
        ];
    }
}
