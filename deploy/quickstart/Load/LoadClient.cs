using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Api;

namespace BlueGreen.Quickstart.Load;

/// <summary>One client with one keep-alive connection. It checks each answer and repeats nothing.</summary>
internal sealed class LoadClient : IDisposable
{
    private const string EnvironmentHeader = "X-Environment";
    private static readonly string Note = new('x', 2000);

    private readonly int _number;
    private readonly LoadStatistics _statistics;
    private readonly HttpClient _http;
    private long _sent;
    private int _connections;

    public LoadClient(int number, Uri gateway, LoadStatistics statistics)
    {
        _number = number;
        _statistics = statistics;

        // HttpClient silently repeats a request when a connection turns out to be closed; counting connections reveals it.
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, MaxConnectionsPerServer = 1 };
        _http = new HttpClient(handler) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(30) };
    }

    public async Task SendAsync()
    {
        var id = $"{_number}-{++_sent}";
        using var request = _sent % 3 == 0
            ? new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = JsonContent.Create(new Order(id, Quantity: 1, Note)) }
            : new HttpRequestMessage(HttpMethod.Get, $"/orders/{id}");

        // Read first: whatever is acknowledged by now binds this request, for it has not started yet.
        var acknowledgement = _statistics.Acknowledgement;
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            using var response = await _http.SendAsync(request);
            if (!response.IsSuccessStatusCode)
            {
                _statistics.AddFailure($"{request.Method} answered with {(int)response.StatusCode}");
                return;
            }

            var answer = await response.Content.ReadFromJsonAsync<OrderAnswer>(JsonSerializerOptions.Web);
            var environment = response.Headers.TryGetValues(EnvironmentHeader, out var values) ? string.Join(',', values) : "nothing";
            if (answer?.Id != id)
            {
                _statistics.AddFailure($"{request.Method} answered with another order");
            }
            else if (environment != answer.Slot.ToText())
            {
                _statistics.AddFailure($"{EnvironmentHeader} says {environment}, but {answer.Slot.ToText()} has answered");
            }
            else
            {
                _statistics.AddAnswer(answer.Slot, TimeProvider.System.GetElapsedTime(started), acknowledgement);
            }
        }
        catch (OperationCanceledException)
        {
            _statistics.AddFailure($"{request.Method} had no answer within {_http.Timeout.TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            _statistics.AddFailure($"{request.Method} failed: {exception.GetBaseException().Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancelled)
    {
        if (Interlocked.Increment(ref _connections) > 1)
        {
            _statistics.AddReconnect();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancelled);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
