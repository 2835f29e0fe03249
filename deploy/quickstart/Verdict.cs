using System.Text;
using BlueGreen.Quickstart.Load;

namespace BlueGreen.Quickstart;

/// <summary>What came of the tour.</summary>
/// <param name="load">What the clients have seen.</param>
/// <param name="results">What has happened.</param>
/// <param name="problem">Why the tour was not finished; null when it was.</param>
internal sealed class Verdict(LoadSnapshot load, IReadOnlyList<string> results, string? problem)
{
    /// <summary>Whether the tour was finished as expected and nothing failed on the way.</summary>
    public bool IsGood => problem is null && load is { Requests: > 0, Failed: 0, OnOldSlot: 0, Reconnects: 0 };

    public override string ToString()
    {
        var text = new StringBuilder().AppendLine().AppendLine("What happened:");
        foreach (var result in results)
        {
            text.AppendLine($"  {result}");
        }

        text.AppendLine($"  requests                                     {load.Requests,7}")
            .AppendLine($"  failed                                       {load.Failed,7}")
            .AppendLine($"  on the old slot after the acknowledgement    {load.OnOldSlot,7}")
            .AppendLine($"  connections lost                             {load.Reconnects,7}")
            .AppendLine($"  latency p50 / p99                            {load.P50:0.0} / {load.P99:0.0} ms");
        foreach (var (reason, count) in load.Failures)
        {
            text.AppendLine($"FAILED {count} x {reason}");
        }

        if (load.OnOldSlot > 0)
        {
            text.AppendLine($"FAILED {load.OnOldSlot} requests reached the old slot although the switch was acknowledged before they started");
        }

        if (load.Reconnects > 0)
        {
            text.AppendLine($"FAILED {load.Reconnects} keep-alive connections were closed");
        }

        if (problem is not null)
        {
            text.AppendLine($"FAILED {problem}");
        }

        return text.Append(IsGood ? "Nothing failed." : "Not everything went as it should have.").ToString();
    }
}
