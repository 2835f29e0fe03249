using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Watching;

/// <summary>The events of <c>GET /v1/events</c>, each once and in order, through restarts of the gateway.</summary>
/// <param name="client">The gateway.</param>
/// <param name="service">Only this service's; null for all.</param>
/// <param name="time">The clock of the pauses.</param>
internal sealed class EventFeed(GatewayClient client, string? service, TimeProvider time)
{
    /// <summary>Told why the gateway does not answer, and null when it is back.</summary>
    public Action<string?> Lost { get; init; } = _ => { };

    /// <summary>The events from now on.</summary>
    /// <exception cref="CommandFailure">The gateway refuses, or was not there to begin with.</exception>
    public async IAsyncEnumerable<StreamedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? last = null;
        var connected = false;
        while (true)
        {
            Stream? stream = null;
            string? lost = null;
            try
            {
                stream = await client.OpenEventsAsync($"/v1/events{(service is null ? "" : $"?service={Uri.EscapeDataString(service)}")}", last, cancellationToken);
            }
            catch (GatewayGoneException exception)
            {
                lost = exception.Message;
                if (!connected)
                {
                    throw CommandFailure.NotReachable(exception);
                }
            }

            if (stream is not null)
            {
                connected = true;
                Lost(null);
                await using (stream)
                {
                    await foreach (var item in UntilCutAsync(stream, cancellationToken))
                    {
                        // What comes after this one is asked for when the connection is made anew: nothing is told twice, nothing is left out.
                        last = item.EventId ?? last;
                        if (JsonSerializer.Deserialize(item.Data, ContractsJson.Default.StreamedEvent) is { } streamed)
                        {
                            yield return streamed;
                        }
                    }
                }

                lost = "The gateway has ended the stream of events.";
            }

            Lost(lost);
            await Task.Delay(GatewayClient.RetryInterval, time, cancellationToken);
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> UntilCutAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var items = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                // Cut off in the middle: the same as its end.
                yield break;
            }

            yield return items.Current;
        }
    }
}
