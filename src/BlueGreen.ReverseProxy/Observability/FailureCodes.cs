using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Which metrics a status code is bad for: one look into a table per response, and a second one for gRPC.</summary>
internal sealed class FailureCodes
{
    /// <summary>At most so many metrics can be told apart.</summary>
    public const int MaxMetrics = 8;

    /// <summary>The metric of server errors, which every service has; what a destination breaks off is one too.</summary>
    public const int Errors = 0;

    private readonly byte[] _metrics = new byte[Highest + 1];

    private readonly byte[] _grpc = new byte[GrpcStatusNames.Count];

    private const int Highest = 599;

    private readonly ImmutableArray<FailureMetric> _of;

    private FailureCodes(ImmutableArray<FailureMetric> metrics)
    {
        _of = metrics;
        Count = metrics.Length;
        for (var metric = 0; metric < metrics.Length; metric++)
        {
            for (var code = 0; code <= Highest; code++)
            {
                _metrics[code] |= (byte)(metrics[metric].Codes.Contains(code) ? 1 << metric : 0);
            }

            foreach (var status in metrics[metric].GrpcStatuses)
            {
                _grpc[status] |= (byte)(1 << metric);
            }
        }
    }

    /// <summary>Server errors alone.</summary>
    public static FailureCodes ErrorsOnly { get; } = Of([FailureMetric.Errors]);

    public static FailureCodes Of(ImmutableArray<FailureMetric> metrics) => new(metrics);

    /// <summary>Whether they were made of these metrics.</summary>
    public bool AreOf(ImmutableArray<FailureMetric> metrics) => _of.Select(metric => metric.Name).SequenceEqual(metrics.Select(metric => metric.Name));

    /// <summary>How many metrics there are.</summary>
    public int Count { get; }

    /// <summary>The metrics that a trial is bad for, one bit each.</summary>
    public int MetricsOf(in ResponseOutcome outcome)
    {
        // A destination that breaks off in the middle of its answer has sent a good status code before; codes above 599 are nobody's standard, and errors.
        var isError = outcome.Fault == Fault.Destination || outcome.StatusCode > Highest;
        return (outcome.StatusCode is >= 0 and <= Highest ? _metrics[outcome.StatusCode] : 0)
            | (outcome.GrpcStatus is { } status ? _grpc[status] : 0)
            | (isError ? 1 << Errors : 0);
    }
}
