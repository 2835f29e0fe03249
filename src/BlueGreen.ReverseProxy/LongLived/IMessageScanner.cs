namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>Follows a stream of bytes, and knows where one message ends and the next begins.</summary>
internal interface IMessageScanner
{
    /// <summary>Whether what has been scanned so far ends with a whole message, and another one may follow.</summary>
    public bool IsBetweenMessages { get; }

    /// <summary>Scans what comes next.</summary>
    /// <param name="data">The bytes, in whatever pieces they arrive.</param>
    /// <returns>How many of them are there up to the end of the last whole message; -1 when none ends here.</returns>
    public int Scan(ReadOnlySpan<byte> data);
}
