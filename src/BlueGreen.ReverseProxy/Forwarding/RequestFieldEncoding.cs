using System.Text;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Makes text of the two header fields whose bytes the server itself does something with before anybody else can look at them: here is
/// the only place that they pass as they were sent.
/// </summary>
internal static class RequestFieldEncoding
{
    private static readonly Encoding Length = new ContentLengthEncoding();
    private static readonly Encoding Options = new ConnectionEncoding();

    /// <summary>For <c>KestrelServerOptions.RequestHeaderEncodingSelector</c>; null is the server's own UTF-8.</summary>
    public static Encoding? Of(string field) =>
        string.Equals(field, HeaderNames.Connection, StringComparison.Ordinal) ? Options
        : string.Equals(field, HeaderNames.ContentLength, StringComparison.Ordinal) ? Length
        : null;

    // Only what decoding takes; nothing is ever written in these.
    private abstract class FieldEncoding : Encoding
    {
        public abstract string Decode(ReadOnlySpan<byte> bytes);

        public override int GetCharCount(byte[] bytes, int index, int count) => Decode(bytes.AsSpan(index, count)).Length;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            var text = Decode(bytes);
            text.CopyTo(chars);
            return text.Length;
        }

        public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException();

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => throw new NotSupportedException();

        public override int GetMaxByteCount(int charCount) => throw new NotSupportedException();
    }

    /// <summary>1*DIGIT of RFC 9110, 8.6. The server's own parser takes a sign too, and then nobody can see that there was one.</summary>
    private sealed class ContentLengthEncoding : FieldEncoding
    {
        // As many as long.MaxValue has.
        private const int MaxDigits = 19;

        public override int GetMaxCharCount(int byteCount) => Math.Min(byteCount, MaxDigits);

        // Nothing is no length, which the server answers with 400.
        public override string Decode(ReadOnlySpan<byte> bytes) =>
            bytes.Length > MaxDigits || bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? "" : ASCII.GetString(bytes);
    }

    /// <summary>
    /// The options of a connection, so that the server keeps all of them. From options of which it knows exactly one (<c>keep-alive</c>,
    /// <c>close</c> or <c>upgrade</c>), it keeps that one and drops what the others name, in all lines of the field.
    /// </summary>
    /// <remarks>
    /// So it never gets to see one alone beside other names. <c>keep-alive</c> is left out there: it says nothing in HTTP/1.1. The other
    /// two come with it: <c>close</c> outweighs it, and an upgrade has nothing against it. A line that is <c>keep-alive</c> and nothing
    /// else passes as it is, for clients of HTTP/1.0 that keep their connections.
    /// </remarks>
    private sealed class ConnectionEncoding : FieldEncoding
    {
        private const string KeepAlive = "keep-alive";
        private const string Close = "close";

        // As the server's own: what is no UTF-8 is a bad request.
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public override int GetMaxCharCount(int byteCount) => byteCount + KeepAlive.Length + 2;

        public override string Decode(ReadOnlySpan<byte> bytes)
        {
            // What nearly every client sends, without making anything.
            if (Ascii.EqualsIgnoreCase(bytes, KeepAlive))
            {
                return KeepAlive;
            }

            var text = Strict.GetString(bytes);
            var options = new List<string>();
            foreach (var option in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Is(option, KeepAlive))
                {
                    options.Add(option);
                }
            }

            if (options.Exists(static option => Is(option, Close) || Is(option, HeaderNames.Upgrade)))
            {
                options.Insert(0, KeepAlive);
            }

            return string.Join(", ", options);
        }

        private static bool Is(string option, string known) => string.Equals(option, known, StringComparison.OrdinalIgnoreCase);
    }
}
