using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Services:{name}:Traffic</c>.</summary>
internal static class TrafficOptionsReader
{
    private const string Header = "header:";
    private const string KeyAllowed = "is not allowed: client, header:NAME, cookie or request";

    public static TrafficOptions Read(SectionReader reader)
    {
        var options = new TrafficOptions
        {
            Key = reader.Parse("Key", new TrafficKey(TrafficKeyKind.Client), TryParseKey, KeyAllowed),
            Shift = ReadShift(reader.Section("Shift")),
            Mirror = MirrorOptionsReader.Read(reader.Section("Mirror")),
        };
        reader.RejectUnknown();
        return options;
    }

    private static bool TryParseKey(string text, out TrafficKey key)
    {
        key = new TrafficKey(TrafficKeyKind.Client);
        if (text.StartsWith(Header, StringComparison.OrdinalIgnoreCase))
        {
            key = new TrafficKey(TrafficKeyKind.Header, text[Header.Length..].Trim());
            return HeaderGrammar.IsName(key.Header!);
        }

        if (!SectionReader.TryParseName<TrafficKeyKind>(text, out var kind) || kind == TrafficKeyKind.Header)
        {
            return false;
        }

        key = new TrafficKey(kind);
        return true;
    }

    private static ShiftOptions? ReadShift(SectionReader reader)
    {
        var steps = ReadSteps(reader.Section("Steps"));
        var evidence = reader.Section("ByEvidence");
        var budget = evidence.Integer("MaxBadResponses", ShiftRules.DefaultBudget, ShiftRules.LeastBudget, ShiftRules.MostBudget);
        var least = evidence.Duration("MinDuration", TimeSpan.Zero, TimeSpan.Zero, ShiftRules.Longest);
        evidence.RejectUnknown();
        reader.RejectUnknown();
        if (!reader.Exists)
        {
            return null;
        }

        var isByEvidence = reader.Names("ByEvidence");
        if (steps.IsEmpty == !isByEvidence)
        {
            reader.Error(steps.IsEmpty ? "Steps" : "ByEvidence", null, steps.IsEmpty ? "is missing: Steps, or ByEvidence" : "is not allowed beside Steps: one of the two");
        }

        if (ShiftRules.WhyNot([.. steps.Select(step => (step.Weight, step.Duration.TotalSeconds))]) is { } reason && !steps.IsEmpty)
        {
            reader.Error("Steps", null, reason);
        }

        return new ShiftOptions { Steps = steps, MaxBadResponses = isByEvidence ? budget : null, MinDuration = least };
    }

    private static ImmutableArray<ShiftStepOptions> ReadSteps(SectionReader reader)
    {
        var steps = ImmutableArray.CreateBuilder<ShiftStepOptions>();
        foreach (var (_, step) in reader.Children())
        {
            steps.Add(new ShiftStepOptions(
                step.Number("Weight", ShiftRules.LeastWeight, ShiftRules.LeastWeight, ShiftRules.MostWeight),
                step.Duration("Duration", TimeSpan.Zero, TimeSpan.Zero, ShiftRules.Longest)));
            step.RejectUnknown();
        }

        return steps.ToImmutable();
    }
}
