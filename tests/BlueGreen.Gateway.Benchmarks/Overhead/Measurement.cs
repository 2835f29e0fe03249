namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>One run of load against one proxy.</summary>
/// <param name="Requests">Answered while it was counted.</param>
/// <param name="Elapsed">How long that was.</param>
/// <param name="Processor">The proxy's processor time meanwhile.</param>
/// <param name="Allocated">What the proxy allocated meanwhile; null where it can't be asked.</param>
internal sealed record Measurement(long Requests, TimeSpan Elapsed, TimeSpan Processor, long? Allocated)
{
    public double MicrosecondsPerRequest => Processor.TotalMicroseconds / Requests;

    public double RequestsPerSecond => Requests / Elapsed.TotalSeconds;

    public double? BytesPerRequest => (double?)Allocated / Requests;

    /// <summary>1 when the proxy had its core for itself and was never idle; less says that something else ran there.</summary>
    public double ShareOfCore => Processor / Elapsed;

    public static Measurement operator +(Measurement left, Measurement right) =>
        new(left.Requests + right.Requests, left.Elapsed + right.Elapsed, left.Processor + right.Processor, left.Allocated + right.Allocated);
}

/// <summary>What is compared with each other: proxies that were measured close to each other, or at the same time.</summary>
/// <param name="Process">Which start of the processes it belongs to.</param>
/// <param name="ByVariant">Each proxy's measurement; of several, their sum.</param>
internal sealed record Block(int Process, IReadOnlyDictionary<string, Measurement> ByVariant)
{
    /// <summary>What the proxy costs, over what another one cost in the same block.</summary>
    public double RatioOf(string variant, string reference, Func<Measurement, double> value) => value(ByVariant[variant]) / value(ByVariant[reference]);
}
