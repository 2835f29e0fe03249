namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>Bake:Queries</c>: a query to a Prometheus-compatible API whose answer is judged during the bake.</summary>
public sealed record BakeQueryOptions
{
    /// <summary>The query's name.</summary>
    public required string Name { get; init; }

    /// <summary>The API that is asked.</summary>
    public required QueryServerOptions Server { get; init; }

    /// <summary>The query in PromQL, with the placeholders <c>{slot}</c>, <c>{version}</c>, <c>{service}</c> and <c>{release}</c>.</summary>
    public required string Query { get; init; }

    /// <summary>How often it is asked. Default 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The greatest value that is allowed on the new slot; null for none.</summary>
    public double? Max { get; init; }

    /// <summary>The smallest value that is allowed on the new slot; null for none.</summary>
    public double? Min { get; init; }

    /// <summary>How the new slot's value is compared with the old slot's; null where it is held against a limit.</summary>
    public QueryComparison? Compare { get; init; }

    /// <summary>How long the limit must be violated before it counts; null for two readings in a row. Default: two readings in a row.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>What follows when the limit is violated for that long. Default: that of the service.</summary>
    public BakeFailureAction OnFailure { get; init; }

    /// <summary>What follows when there is no value for that long. Default: nothing.</summary>
    public QueryNoDataAction NoData { get; init; }

    /// <summary>Whether the query is also a gate, asked before the switch. Default false.</summary>
    public bool Gate { get; init; }

    /// <summary>What the gate says when there is no value. Default: it fails.</summary>
    public QueryGateNoData GateNoData { get; init; }
}

/// <summary>How far the new slot's value may lie above the old slot's; with both, the greater of the two counts.</summary>
/// <param name="Ratio">At most so many times the old slot's value; null for no such limit.</param>
/// <param name="Difference">At most so much more than the old slot's value; null for no such limit.</param>
public sealed record QueryComparison(double? Ratio, double? Difference)
{
    /// <summary>The greatest value that is allowed on the new slot; always finite, as JSON has no infinity.</summary>
    /// <param name="old">The old slot's value.</param>
    public double Allowed(double old) =>
        Math.Clamp(Math.Max(Ratio * old ?? double.NegativeInfinity, old + Difference ?? double.NegativeInfinity), double.MinValue, double.MaxValue);
}

/// <summary>What follows when a query has no value during the bake.</summary>
public enum QueryNoDataAction
{
    /// <summary>Nothing; the reason is shown.</summary>
    Ignore = 0,

    /// <summary>The bake is held until somebody decides.</summary>
    Hold = 1,

    /// <summary>The same as when the limit is violated.</summary>
    Fail = 2,
}

/// <summary>What the gate of a query says when there is no value.</summary>
public enum QueryGateNoData
{
    /// <summary>It fails, with the reason.</summary>
    Fail = 0,

    /// <summary>It passes, with the reason.</summary>
    Pass = 1,
}
