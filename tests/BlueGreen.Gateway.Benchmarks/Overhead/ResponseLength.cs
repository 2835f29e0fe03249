using System.Buffers.Text;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>As much HTTP as the load needs to know where an answer ends.</summary>
internal static class ResponseLength
{
    private static ReadOnlySpan<byte> EndOfHeaders => "\r\n\r\n"u8;

    private static ReadOnlySpan<byte> ContentLength => "\r\nContent-Length: "u8;

    /// <summary>The length of the answer with its headers; null while they are not complete.</summary>
    /// <exception cref="InvalidOperationException">The answer is not a 200 with a length: nothing that may be counted.</exception>
    public static int? Of(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf(EndOfHeaders);
        if (end < 0)
        {
            return null;
        }

        var headers = received[..end];
        var length = headers.IndexOf(ContentLength);
        if (!headers.StartsWith("HTTP/1.1 200 "u8) || length < 0 || !Utf8Parser.TryParse(headers[(length + ContentLength.Length)..], out int body, out _))
        {
            throw new InvalidOperationException($"Not the answer that was expected: {Encoding.ASCII.GetString(headers)}");
        }

        return end + EndOfHeaders.Length + body;
    }
}
