using System.Buffers.Binary;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>Follows one direction of a WebSocket (RFC 6455, section 5.2) and finds the ends of its messages, and its close frame.</summary>
internal sealed class WebSocketScanner : IMessageScanner
{
    private const int LongestHeader = 14;
    private const byte FinBit = 0x80;
    private const byte MaskBit = 0x80;
    private const byte OpcodeBits = 0x0F;
    private const byte LengthBits = 0x7F;
    private const byte FirstControlOpcode = 8;
    private const byte CloseOpcode = 8;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    private readonly byte[] _header = new byte[LongestHeader];
    private volatile bool _closing;
    private int _headerRead;
    private ulong _left;
    private int _closeCode;
    private int _closeCodeRead;
    private bool _inMessage;

    /// <summary>Whether a close frame has begun: after it nothing follows.</summary>
    /// <remarks>Asked by the other direction's loop as well.</remarks>
    public bool IsClosing => _closing;

    /// <summary>The status code of the close frame, of a side that does not mask; 0 while there is none.</summary>
    public int CloseCode => _closeCodeRead < sizeof(ushort) ? 0 : _closeCode;

    /// <summary>Whether the close frame is there as a whole.</summary>
    public bool IsClosed { get; private set; }

    public bool IsBetweenMessages => _headerRead == 0 && _left == 0 && !_inMessage && !IsClosing;

    public int Scan(ReadOnlySpan<byte> data) => Scan(data, out _);

    /// <inheritdoc cref="Scan(ReadOnlySpan{byte})"/>
    /// <param name="data">The bytes.</param>
    /// <param name="closeAt">Where a close frame begins; -1 when none does here.</param>
    public int Scan(ReadOnlySpan<byte> data, out int closeAt)
    {
        closeAt = -1;
        var end = -1;
        var index = 0;
        while (index < data.Length && !IsClosed)
        {
            if (_left == 0)
            {
                if (_headerRead == 0 && (data[index] & OpcodeBits) == CloseOpcode)
                {
                    _closing = true;
                    closeAt = index;
                }

                _header[_headerRead++] = data[index++];
                if (!TryReadHeader())
                {
                    continue;
                }
            }
            else
            {
                var step = (int)Math.Min(_left, (ulong)(data.Length - index));
                if (_closing)
                {
                    ReadCloseCode(data.Slice(index, step));
                }

                _left -= (ulong)step;
                index += step;
            }

            if (_left > 0)
            {
                continue;
            }

            IsClosed = IsClosing;
            if (IsBetweenMessages)
            {
                end = index;
            }
        }

        return end;
    }

    // Two bytes, in network order, which may come one at a time.
    private void ReadCloseCode(ReadOnlySpan<byte> payload)
    {
        for (var index = 0; index < payload.Length && _closeCodeRead < sizeof(ushort); index++)
        {
            _closeCode = (_closeCode << 8) | payload[index];
            _closeCodeRead++;
        }
    }

    private bool TryReadHeader()
    {
        if (_headerRead < 2)
        {
            return false;
        }

        var lengthBytes = (_header[1] & LengthBits) switch
        {
            Length16 => sizeof(ushort),
            Length64 => sizeof(ulong),
            _ => 0,
        };
        var maskBytes = (_header[1] & MaskBit) == 0 ? 0 : sizeof(uint);
        if (_headerRead < 2 + lengthBytes + maskBytes)
        {
            return false;
        }

        _left = lengthBytes switch
        {
            sizeof(ushort) => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            sizeof(ulong) => BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)),
            _ => (ulong)(_header[1] & LengthBits),
        };
        _headerRead = 0;

        // Control frames may come between the frames of a message, and are not part of it.
        var opcode = _header[0] & OpcodeBits;
        if (opcode < FirstControlOpcode)
        {
            _inMessage = (_header[0] & FinBit) == 0;
        }

        return true;
    }
}
