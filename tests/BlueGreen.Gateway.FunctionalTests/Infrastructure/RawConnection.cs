using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A client's connection as bytes, with or without TLS.</summary>
internal sealed class RawConnection : IDisposable
{

    private readonly TcpClient _client;

    private RawConnection(TcpClient client, Stream stream)
    {
        _client = client;
        Stream = stream;
    }

    public Stream Stream { get; }

    /// <summary>Whether what was read ended with a reset and not in good order.</summary>
    public bool WasReset { get; private set; }

    public static async Task<RawConnection> OpenAsync(string url, SslApplicationProtocol? protocol = null)
    {
        var address = new Uri(url);
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port).WaitAsync(TestLimits.Wait);
        Stream stream = client.GetStream();
        if (address.Scheme == Uri.UriSchemeHttps)
        {
            var tls = new SslStream(stream, leaveInnerStreamOpen: false, Edge.IsTheTests);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [protocol ?? SslApplicationProtocol.Http11],
            });
            stream = tls;
        }

        return new(client, stream);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await Stream.WriteAsync(bytes);
        await Stream.FlushAsync();
    }

    /// <summary>Sends, as long as the other side takes it.</summary>
    /// <returns>Whether it did.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes).WaitAsync(TestLimits.Wait);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Everything until the gateway closes; a reset counts as the end.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        try
        {
            int read;
            while ((read = await Stream.ReadAsync(buffer, limit.Token)) > 0)
            {
                all.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            WasReset = true;
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The connection is still open. So far: {Encoding.Latin1.GetString(all.ToArray())}", exception);
        }

        return all.ToArray();
    }

    /// <summary>The frames of HTTP/2 up to and with the one that is looked for.</summary>
    public async Task<byte[]> ReadFramesUntilAsync(Predicate<(byte Type, int Stream, byte[] Payload)> isTheOne)
    {
        var frames = new List<byte>();
        (await TryReadFramesUntilAsync(frames, isTheOne)).Should().BeTrue("the connection stays open until then");
        return [.. frames];
    }

    /// <summary>Adds the frames of HTTP/2 up to and with the one that is looked for.</summary>
    /// <returns>Whether it came before the connection ended.</returns>
    public async Task<bool> TryReadFramesUntilAsync(List<byte> frames, Predicate<(byte Type, int Stream, byte[] Payload)> isTheOne)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        try
        {
            while (true)
            {
                var head = new byte[9];
                await Stream.ReadExactlyAsync(head, limit.Token);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await Stream.ReadExactlyAsync(payload, limit.Token);
                byte[] frame = [.. head, .. payload];
                frames.AddRange(frame);
                if (isTheOne(Http2Frames.Read(frame).Single()))
                {
                    return true;
                }
            }
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>What comes up to and with this text, byte by byte: nothing after it is taken.</summary>
    public async Task<string> ReadTextUntilAsync(string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            await Stream.ReadExactlyAsync(one, limit.Token);
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    public async Task<string> ReadTextToEndAsync() => Encoding.Latin1.GetString(await ReadToEndAsync());

    public void Dispose()
    {
        Stream.Dispose();
        _client.Dispose();
    }
}
