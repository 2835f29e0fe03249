using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Services:{name}:Bake</c>.</summary>
internal static class BakeOptionsReader
{
    // One bit each in a byte.
    private const int MaxMetrics = 8;
    private const string FailOnAllowed = "is not allowed: a class (\"5xx\"), status codes and ranges from 100 to 599 (\"401\", \"401,403\", \"420-429\"), or statuses of gRPC from 1 to 16 (\"grpc:14\", \"grpc:unavailable\")";

    private const string StratifyByAllowed = "is not allowed: route, method, path, header:NAME or none";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public static BakeOptions Read(SectionReader reader)
    {
        var defaults = new BakeOptions();
        var options = new BakeOptions
        {
            Duration = reader.Duration("Duration", defaults.Duration, TimeSpan.Zero, Longest),
            OnFailure = reader.Name("OnFailure", defaults.OnFailure),
            Confirm = reader.Name("Confirm", defaults.Confirm),
            NoData = reader.Name("NoData", defaults.NoData),
            Alpha = reader.Number("Alpha", defaults.Alpha, 0.000001, 0.5),
            FailOn = ReadFailOn(reader),
            RelativeMargin = reader.Number("RelativeMargin", defaults.RelativeMargin, 0, 10),
            AbsoluteMargin = reader.Number("AbsoluteMargin", defaults.AbsoluteMargin, 0.000001, 0.5),
            UnmeasuredRate = reader.Number("UnmeasuredRate", defaults.UnmeasuredRate, 0.0001, 0.5),
            BaselineWindow = reader.Duration("BaselineWindow", defaults.BaselineWindow, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)),
            StratifyBy = ReadStratifyBy(reader, defaults.StratifyBy),
            MinClients = reader.Integer("MinClients", defaults.MinClients, 1, 100),
            HangAfter = reader.Text("HangAfter") is null ? null : reader.Duration("HangAfter", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(4)),
            MaxErrorRate = ReadMaxErrorRate(reader),
            MaxP99 = reader.Text("MaxP99") is null ? null : reader.Duration("MaxP99", TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(4)),
            Latency = ReadLatency(reader.Section("Latency")),
            Record = ReadRecord(reader.Section("Record")),
        };
        options = options with { Queries = BakeQueryOptionsReader.Read(reader, options.OnFailure) };
        reader.RejectUnknown();
        return options;
    }

    // The values become names, which are shown to viewers and stored.
    private static StratifyBy ReadStratifyBy(SectionReader reader, StratifyBy fallback)
    {
        var by = reader.Parse("StratifyBy", fallback, TryParseStratifyBy, StratifyByAllowed);
        if (by.Header is { } header && SecretNames.Contains(header))
        {
            reader.Error("StratifyBy", by.ToString(), "is not allowed: what this field holds is secret, and reasons, events and the stored state would show it");
        }

        return by;
    }

    private static bool TryParseStratifyBy(string text, out StratifyBy by)
    {
        if (text.StartsWith(StratifyBy.HeaderPrefix, StringComparison.OrdinalIgnoreCase))
        {
            by = new StratifyBy(StratifyKind.Header, text[StratifyBy.HeaderPrefix.Length..].Trim());
            return HeaderGrammar.IsName(by.Header!);
        }

        var isName = SectionReader.TryParseName<StratifyKind>(text, out var kind) && kind != StratifyKind.Header;
        by = new StratifyBy(kind);
        return isName;
    }

    private static double? ReadMaxErrorRate(SectionReader reader)
    {
        const double None = 2;
        var rate = reader.Number("MaxErrorRate", None, 0, 1);
        return rate > 1 ? null : rate;
    }

    private static ImmutableArray<FailureMetric> ReadFailOn(SectionReader reader)
    {
        var metrics = ImmutableArray.CreateBuilder<FailureMetric>();
        metrics.Add(FailureMetric.Errors);
        foreach (var text in reader.TextList("FailOn"))
        {
            if (!FailureMetric.TryParse(text, out var metric))
            {
                reader.Error("FailOn", text, FailOnAllowed);
            }
            else if (metrics.All(other => other.Name != metric.Name))
            {
                metrics.Add(metric);
            }
        }

        if (metrics.Count > MaxMetrics)
        {
            reader.Error("FailOn", metrics.Count.ToString(CultureInfo.InvariantCulture), $"is not allowed: at most {MaxMetrics} entries, \"5xx\" included");
            return [.. metrics.Take(MaxMetrics)];
        }

        return metrics.ToImmutable();
    }

    private static BakeLatencyOptions ReadLatency(SectionReader reader)
    {
        var defaults = new BakeLatencyOptions();
        var options = new BakeLatencyOptions
        {
            Enabled = reader.Boolean("Enabled", defaults.Enabled),
            Quantiles = ReadQuantiles(reader, defaults),
            Margin = reader.Number("Margin", defaults.Margin, 0, 100),
            Floor = reader.Duration("Floor", defaults.Floor, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            Grace = reader.Duration("Grace", defaults.Grace, TimeSpan.Zero, Longest),
        };
        reader.RejectUnknown();
        return options;
    }

    private static ImmutableArray<double> ReadQuantiles(SectionReader reader, BakeLatencyOptions defaults)
    {
        const double None = 0;
        const int Most = 4;
        var quantiles = ImmutableArray.CreateBuilder<double>();
        foreach (var text in reader.TextList("Quantiles"))
        {
            if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quantile) || quantile is < 0.5 or > 0.9999)
            {
                reader.Error("Quantiles", text, "is not allowed: a number from 0.5 to 0.9999");
            }
            else if (!quantiles.Contains(quantile))
            {
                quantiles.Add(quantile);
            }
        }

        if (quantiles.Count > Most)
        {
            reader.Error("Quantiles", quantiles.Count.ToString(CultureInfo.InvariantCulture), $"is not allowed: at most {Most} entries");
        }

        var one = reader.Names("Quantile") ? reader.Number("Quantile", None, 0.5, 0.9999) : None;
        if (one > None && quantiles.Count > 0)
        {
            reader.Error("Quantile", null, "is not allowed beside Quantiles: one of the two");
        }

        return one > None ? [one] : quantiles.Count > 0 ? [.. quantiles.Order().Take(Most)] : defaults.Quantiles;
    }

    private static BakeRecordOptions? ReadRecord(SectionReader reader)
    {
        if (!reader.Exists)
        {
            return null;
        }

        var directory = reader.RequiredText("Directory", "the path of a folder");
        if (directory.IndexOfAny(Path.GetInvalidPathChars()) >= 0)
        {
            reader.Error("Directory", directory, "is not allowed: the path of a folder");
        }

        var options = new BakeRecordOptions(directory, reader.Integer("MaxMegabytes", 256, 2, 1_000_000));
        reader.RejectUnknown();
        return options;
    }
}
