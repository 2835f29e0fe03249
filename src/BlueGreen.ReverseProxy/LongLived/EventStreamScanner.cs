namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>Finds the ends of server-sent events: <c>https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream</c>.</summary>
/// <remarks>An event ends with an empty line; lines end with LF, CR or both. A comment (a line that begins with a colon) belongs to no event.</remarks>
internal sealed class EventStreamScanner : IMessageScanner
{
    private const string ContentType = "text/event-stream";

    private bool _inEvent;
    private bool _inLine;
    private bool _isComment;
    private bool _afterCarriageReturn;

    public bool IsBetweenMessages => !_inEvent && !_inLine;

    /// <summary>Whether a media type, with parameters or without, is that of server-sent events.</summary>
    public static bool Reads(ReadOnlySpan<char> mediaType) =>
        mediaType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (mediaType.Length == ContentType.Length || mediaType[ContentType.Length] is ';' or ' ' or '\t');

    public int Scan(ReadOnlySpan<byte> data)
    {
        var end = -1;
        for (var index = 0; index < data.Length; index++)
        {
            var value = data[index];
            if (value == '\n' && _afterCarriageReturn)
            {
                // The second half of one line end.
                _afterCarriageReturn = false;
            }
            else if (value is (byte)'\n' or (byte)'\r')
            {
                EndLine();
                _afterCarriageReturn = value == '\r';
            }
            else
            {
                _afterCarriageReturn = false;
                _isComment = _inLine ? _isComment : value == ':';
                _inLine = true;
            }

            if (IsBetweenMessages)
            {
                end = index + 1;
            }
        }

        return end;
    }

    private void EndLine()
    {
        if (!_inLine)
        {
            _inEvent = false;
        }
        else if (!_isComment)
        {
            _inEvent = true;
        }

        _inLine = false;
    }
}
