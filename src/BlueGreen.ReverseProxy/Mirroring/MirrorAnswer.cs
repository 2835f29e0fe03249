namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>What one slot answered to a mirrored request. Written by one flow, and read after that has ended.</summary>
/// <param name="limit">How much of the body is kept, in bytes.</param>
internal sealed class MirrorAnswer(int limit)
{
    /// <summary>The status code; 0 as long as there is no answer.</summary>
    public int Status { get; private set; }

    /// <summary>The fields of the answer, with the body's own.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; private set; } = new Dictionary<string, string>();

    /// <summary>The time until the answer began.</summary>
    public TimeSpan Latency { get; private set; }

    /// <summary>Whether it is an answer that goes on: there is nothing to compare.</summary>
    public bool IsStreaming { get; set; }

    public BodyCapture Body { get; } = new(limit);

    /// <summary>Why there is no whole answer; null where there is one.</summary>
    public string? Failure { get; set; }

    /// <summary>Why nothing was asked; null where something was.</summary>
    public MirrorSkip? Skipped { get; set; }

    public void Begin(HttpResponseMessage response, TimeSpan latency)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            headers[name] = values.ToString();
        }

        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            headers[name] = values.ToString();
        }

        if (response.RequestMessage?.Method != HttpMethod.Head)
        {
            Body.Expect(response.Content.Headers.ContentLength);
        }

        (Status, Headers, Latency) = ((int)response.StatusCode, headers, latency);
    }
}
