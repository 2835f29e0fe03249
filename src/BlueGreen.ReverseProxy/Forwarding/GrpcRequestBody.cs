using System.Buffers.Binary;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The request half of a gRPC call: any number of messages, each of them whole, not too large, and not too slow.</summary>
/// <remarks>A message is a byte (compressed or not), its length in four bytes, and as many bytes: PROTOCOL-HTTP2 of gRPC.</remarks>
internal sealed class GrpcRequestBody(Stream inner, long? maxMessage, MinDataRate? rate, TimeProvider time) : PassThroughStream(inner)
{
    private const int PrefixLength = 5;

    private readonly byte[] _prefix = new byte[PrefixLength];
    private int _prefixRead;
    private long _left;
    private long _received;
    private long _since;

    private bool IsWithinMessage => _prefixRead > 0;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = IsWithinMessage && rate is not null
            ? await ReadInTimeAsync(rate, buffer, cancellationToken)
            : await Inner.ReadAsync(buffer, cancellationToken);
        Follow(buffer.Span[..read]);
        return read;
    }

    // The rule of Kestrel's own rate, counted from the beginning of the message.
    private async ValueTask<int> ReadInTimeAsync(MinDataRate minimum, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var earned = TimeSpan.FromSeconds(_received / minimum.BytesPerSecond);
        var left = (earned > minimum.GracePeriod ? earned : minimum.GracePeriod) - time.GetElapsedTime(_since);
        using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        await using var caller = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            return await Inner.ReadAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException("A gRPC message arrives too slowly.", StatusCodes.Status408RequestTimeout, exception);
        }
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        _received += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_prefixRead < PrefixLength)
            {
                if (_prefixRead == 0)
                {
                    _since = time.GetTimestamp();
                    _received = bytes.Length;
                }

                var taken = Math.Min(PrefixLength - _prefixRead, bytes.Length);
                bytes[..taken].CopyTo(_prefix.AsSpan(_prefixRead));
                _prefixRead += taken;
                bytes = bytes[taken..];
                if (_prefixRead == PrefixLength)
                {
                    Begin();
                }
            }

            var part = (int)Math.Min(_left, bytes.Length);
            _left -= part;
            bytes = bytes[part..];
            if (_prefixRead == PrefixLength && _left == 0)
            {
                _prefixRead = 0;
            }
        }
    }

    private void Begin()
    {
        _left = BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
        if (_prefix[0] > 1)
        {
            throw new BadHttpRequestException("The body is not gRPC: a message begins with 0 or 1.", StatusCodes.Status400BadRequest);
        }

        if (_left > maxMessage)
        {
            throw new BadHttpRequestException($"A gRPC message of {Counted.Of(_left, "byte")} is larger than the limit of the body, {maxMessage}.", StatusCodes.Status413PayloadTooLarge);
        }
    }
}
