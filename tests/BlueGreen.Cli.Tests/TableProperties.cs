using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.Cli.Tests;

/// <summary>What holds for every text that a gateway may send.</summary>
public sealed class TableProperties
{
    private static readonly string[] Headings = ["SERVICE", "ACTIVE", "BLUE", "GREEN", "IN FLIGHT", "RELEASE"];

    [Fact]
    public void Table_WhateverItHolds_FitsEightyColumnsInOneLineARow()
    {
        var texts = Gen.Elements("a", "-", " ", "ä", "\n", "\u001b[2J", "a-long-word-", "1.2.3").ListOf().Select(parts => string.Concat(parts.Take(40)));
        var rows = texts.ArrayOf(Headings.Length).ListOf().Select(all => all.Take(5).ToList());
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(rows.ToArbitrary(), all =>
        {
            var table = new TextTable([0, 2, 3], Headings);
            foreach (var row in all)
            {
                table.Add([.. row.Select(text => (Cell)text)]);
            }

            var lines = table.Lines(80).ToList();

            lines.Should().HaveCount(all.Count + 1);
            lines.Should().OnlyContain(line => line.Length <= 80 && !line.Any(char.IsControl));
        }));
    }

    [Fact]
    public void Table_ThatFits_IsNotCut()
    {
        new TextTable([0], "A", "B").Add("one", "two").Lines(80).Should().Equal("A    B", "one  two");
    }

    [Fact]
    public void Durations_WrittenInTheirParts_AreReadAsTheirSum()
    {
        var seconds = Gen.Choose(0, (24 * 60 * 60) - 1);
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(seconds.ToArbitrary(), all =>
        {
            var expected = TimeSpan.FromSeconds(all);
            foreach (var text in new[] { $"{expected.Hours}h{expected.Minutes}m{expected.Seconds}s", expected.ToString("c"), $"{all}", $"{all}s" })
            {
                Durations.TryParse(text, out var read).Should().BeTrue();
                read.Should().Be(expected);
            }
        }));
    }
}
