namespace BlueGreen.Cli.Timelines;

/// <summary>The colours of a timeline, for light and dark. Curves differ by their dashes as well, for those who don't see the colours.</summary>
internal static class TimelineStyle
{
    /// <summary>How many curves have a look of their own; more begin again.</summary>
    public const int Curves = 6;

    public const string Sheet = """
        <style>
        text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 11px; fill: #1f2328 }
        .title { font-size: 16px; font-weight: 600 } .name { font-size: 13px; font-weight: 600 } .small { fill: #59636e } .end { text-anchor: end; fill: #59636e }
        .tick { text-anchor: middle; fill: #59636e } .number { text-anchor: middle; font-size: 9.5px; font-weight: 600; fill: #fff } .inStep { fill: #fff }
        .page { fill: #fff } .frame { fill: none; stroke: #d1d9e0 } .grid { stroke: #d1d9e0 } .moment { stroke: #818b98; stroke-dasharray: 2 3 }
        .dot { fill: #59636e } .bad { fill: #cf222e } .good { fill: #1a7f37 } .threshold { stroke: #cf222e; stroke-dasharray: 6 3 } .overThreshold { fill: #cf222e }
        .weight { fill: #1a7f37; fill-opacity: .25; stroke: #1a7f37 } .wait { fill: #818b98; fill-opacity: .15 }
        .verifying { fill: #59636e } .awaitingApproval, .paused { fill: #818b98 } .holding { fill: #8250df } .shifting { fill: #0969da } .draining { fill: #57606a }
        .baking { fill: #1a7f37 } .confirming { fill: #9a6700 } .held { fill: #bc4c00 } .reverting, .rollingBack { fill: #cf222e }
        .c0, .c1, .c2, .c3, .c4, .c5 { fill: none; stroke-width: 1.6; stroke-linejoin: round } .comparison { stroke-width: 3 } .stretch { stroke-width: .8 }
        .c0 { stroke: #0969da } .c1 { stroke: #8250df; stroke-dasharray: 7 2 } .c2 { stroke: #1a7f37; stroke-dasharray: 2 2 }
        .c3 { stroke: #9a6700; stroke-dasharray: 8 2 2 2 } .c4 { stroke: #bf3989; stroke-dasharray: 4 2 } .c5 { stroke: #57606a; stroke-dasharray: 1 2 }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .small, .end, .tick { fill: #9198a1 } .number, .inStep { fill: #fff } .page { fill: #0d1117 } .frame { stroke: #3d444d } .grid { stroke: #2a313c }
        .moment { stroke: #656c76 } .threshold { stroke: #f85149 } .overThreshold { fill: #f85149 } .weight { fill: #3fb950; stroke: #3fb950 } .baking { fill: #238636 }
        .c0 { stroke: #4493f8 } .c1 { stroke: #ab7df8 } .c2 { stroke: #3fb950 } .c3 { stroke: #d29922 } .c4 { stroke: #db61a2 } .c5 { stroke: #9198a1 }
        }
        </style>
        """;

    public static string CurveOf(int index) => FormattableString.Invariant($"c{index % Curves}");
}
