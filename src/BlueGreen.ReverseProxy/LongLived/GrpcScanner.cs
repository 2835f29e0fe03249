using System.Buffers.Binary;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>Finds the ends of gRPC messages: one byte of flags, four of length, the message (gRPC over HTTP/2, "Length-Prefixed-Message").</summary>
internal sealed class GrpcScanner : IMessageScanner
{
    private const int PrefixBytes = 5;

    private readonly byte[] _prefix = new byte[PrefixBytes];
    private int _prefixRead;
    private long _left;

    public bool IsBetweenMessages => _prefixRead == 0 && _left == 0;

    public int Scan(ReadOnlySpan<byte> data)
    {
        var end = -1;
        var index = 0;
        while (index < data.Length)
        {
            if (_left == 0)
            {
                _prefix[_prefixRead++] = data[index++];
                if (_prefixRead < PrefixBytes)
                {
                    continue;
                }

                _prefixRead = 0;
                _left = BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
            }
            else
            {
                var step = (int)Math.Min(_left, data.Length - index);
                _left -= step;
                index += step;
            }

            if (_left == 0)
            {
                end = index;
            }
        }

        return end;
    }
}
