using System.Buffers.Binary;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Frames of HTTP/2, made by hand: RFC 9113, and RFC 7541 as far as literals go.</summary>
internal static class Http2Frames
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const int NoError = 0;
    public const int ProtocolError = 1;
    public const int InternalError = 2;
    public const int RefusedStream = 7;
    public const int Cancel = 8;
    public const int CompressionError = 9;
    public const int EnhanceYourCalm = 11;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    /// <summary>The preface and a frame of settings, here that streams have no window to send into.</summary>
    public static byte[] Preface(int initialWindow = 65535)
    {
        var setting = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(setting, 4);
        BinaryPrimitives.WriteInt32BigEndian(setting.AsSpan(2), initialWindow);
        return [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, setting)];
    }

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>The block of a request.</summary>
    public static byte[] Block(string method, string path, params (string Name, string Value)[] fields) =>
    [
        .. Literal(":method", method), .. Literal(":scheme", "http"), .. Literal(":path", path), .. Literal(":authority", "x"),
        .. fields.SelectMany(field => Literal(field.Name, field.Value)),
    ];

    /// <summary>A field that nobody has to remember: literal without indexing, names and values as they are.</summary>
    public static byte[] Literal(string name, string value) => [0, .. Text(name), .. Text(value)];

    /// <summary>A field that enters the table of the connection; the next one after it has index 62.</summary>
    public static byte[] Indexed(string name, string value) => [0x40, .. Text(name), .. Text(value)];

    public static byte[] Error(int code)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, code);
        return bytes;
    }

    /// <summary>Type, stream and payload of each frame.</summary>
    public static IEnumerable<(byte Type, int Stream, byte[] Payload)> Read(byte[] bytes)
    {
        for (var at = 0; at + 9 <= bytes.Length;)
        {
            var length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
            if (at + 9 + length > bytes.Length)
            {
                yield break;
            }

            yield return (bytes[at + 3], BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 5)) & int.MaxValue, bytes[(at + 9)..(at + 9 + length)]);
            at += 9 + length;
        }
    }

    /// <summary>The error code with which the connection was ended; null when it was not ended by GOAWAY.</summary>
    public static int? GoAwayCode(byte[] bytes) =>
        Read(bytes).Where(frame => frame.Type == GoAway).Select(frame => (int?)CodeOf(GoAway, frame.Payload)).LastOrDefault();

    /// <summary>The code in a RST_STREAM or GOAWAY.</summary>
    public static int CodeOf(byte type, byte[] payload) => BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(type == GoAway ? 4 : 0));

    /// <summary>The status of an answer, from its HEADERS: the first field of the block, as servers write it.</summary>
    public static int StatusOf(byte[] block)
    {
        int[] known = [200, 204, 206, 304, 400, 404, 500];
        const int firstKnown = 8;
        var at = 0;
        while ((block[at] & 0xe0) == 0x20)
        {
            // The size of the table changes; that is no field.
            at++;
        }

        if (block[at] >= (0x80 | firstKnown) && block[at] < (0x80 | firstKnown) + known.Length)
        {
            return known[block[at] - (0x80 | firstKnown)];
        }

        // A literal whose name is that of one of the known ones, its value three digits as they are.
        var name = block[at] & ((block[at] & 0x40) != 0 ? 0x3f : 0x0f);
        return name is >= firstKnown and < firstKnown + 7 && block[at + 1] == 3
            ? int.Parse(Encoding.ASCII.GetString(block, at + 2, 3))
            : throw new InvalidDataException($"The block begins with no status: {Convert.ToHexString(block)}");
    }

    /// <summary>The statuses of all answers on the connection.</summary>
    public static int[] Statuses(byte[] bytes) => [.. Read(bytes).Where(frame => frame.Type == Headers).Select(frame => StatusOf(frame.Payload))];

    private static byte[] Text(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        return [.. Integer(bytes.Length, 7), .. bytes];
    }

    private static IEnumerable<byte> Integer(int value, int bits)
    {
        var max = (1 << bits) - 1;
        if (value < max)
        {
            yield return (byte)value;
            yield break;
        }

        yield return (byte)max;
        for (value -= max; value >= 128; value >>= 7)
        {
            yield return (byte)((value & 127) | 128);
        }

        yield return (byte)value;
    }
}
