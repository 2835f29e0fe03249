using System.Net;
using System.Security.Cryptography;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A large request body that knows how much of it was taken.</summary>
internal sealed class CountedBody(int size) : HttpContent
{
    private const int Piece = 64 * 1024;

    private readonly byte[] _piece = RandomNumberGenerator.GetBytes(Piece);
    private long _sent;

    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>The SHA-256 of all of it.</summary>
    public string Hash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var piece = 0; piece < size / Piece; piece++)
            {
                hash.AppendData(_piece);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Waits until the other side takes no more: twenty looks in a row find the same.</summary>
    public async Task UntilStuckAsync()
    {
        var (last, same) = (0L, 0);
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (same < 20)
        {
            await Task.Delay(20, limit.Token);
            (last, same) = Sent is var now && now == last && now > 0 ? (now, same + 1) : (Sent, 0);
        }
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var piece = 0; piece < size / Piece; piece++)
        {
            await stream.WriteAsync(_piece);
            await stream.FlushAsync();
            Interlocked.Add(ref _sent, Piece);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = size / Piece * Piece;
        return true;
    }
}
