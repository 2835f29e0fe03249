using System.Globalization;
using System.Runtime.CompilerServices;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.Commands;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Auditing;

/// <summary>The audit journal of the gateway, read in pages.</summary>
/// <param name="client">The gateway.</param>
/// <param name="service">Only entries about this service; null for all.</param>
internal sealed class AuditLog(GatewayClient client, string? service)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The last entries, newest first.</summary>
    public async Task<IReadOnlyList<AuditEntry>> LastAsync(int count, CancellationToken cancellationToken)
    {
        var found = new List<AuditEntry>();
        await foreach (var entry in BackwardsAsync(service is null ? count : LimitOption.Max, cancellationToken))
        {
            if (IsWanted(entry))
            {
                found.Add(entry);
            }

            if (found.Count == count)
            {
                break;
            }
        }

        return found;
    }

    /// <summary>The last entries and then those that come, oldest first.</summary>
    /// <param name="count">How many of those that are there already.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="tell">Is told when the gateway does not answer, and when it is back.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<AuditEntry> FollowAsync(int count, TimeProvider time, Action<string> tell, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = 0L;
        foreach (var entry in (await LastAsync(count, cancellationToken)).Reverse())
        {
            seen = entry.Sequence;
            yield return entry;
        }

        var isLost = false;
        while (true)
        {
            await Task.Delay(Interval, time, cancellationToken);
            List<AuditEntry> fresh = [];
            try
            {
                await foreach (var entry in BackwardsAsync(LimitOption.Usual, cancellationToken))
                {
                    if (entry.Sequence <= seen)
                    {
                        break;
                    }

                    fresh.Add(entry);
                }

                if (isLost)
                {
                    isLost = false;
                    tell("The gateway is back.");
                }
            }
            catch (GatewayGoneException exception)
            {
                // Pages that did come are read again: what they lead to is missing, and the order would be wrong.
                fresh.Clear();
                if (!isLost)
                {
                    isLost = true;
                    tell($"{exception.Message} Trying again.");
                }
            }

            foreach (var entry in fresh.AsEnumerable().Reverse())
            {
                seen = entry.Sequence;
                if (IsWanted(entry))
                {
                    yield return entry;
                }
            }
        }
    }

    private async IAsyncEnumerable<AuditEntry> BackwardsAsync(int page, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? before = null;
        while (true)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/v1/audit?limit={page}{(before is null ? "" : $"&before={before}")}");
            var entries = (await client.TryGetAsync(path, cancellationToken)).OrFail().Read(ContractsJson.Default.IReadOnlyListAuditEntry);
            foreach (var entry in entries)
            {
                before = entry.Sequence;
                yield return entry;
            }

            if (entries.Count < page)
            {
                yield break;
            }
        }
    }

    private bool IsWanted(AuditEntry entry) => service is null || entry.Services.Contains(service, StringComparer.OrdinalIgnoreCase);
}
