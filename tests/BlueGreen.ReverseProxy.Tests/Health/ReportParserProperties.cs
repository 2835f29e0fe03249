using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Health;

public sealed class ReportParserProperties
{
    private static readonly string[] Templates =
    [
        """{ "status": "unhealthy", "version": "2.0.0", "checks": { "db": false, "cache": { "status": "down" } }, "schema": { "min": 1, "max": 2 } }""",
        """{ "status": "Degraded", "entries": { "db": { "status": "Healthy" } }, "uptime": 12.5 }""",
        """{ "status": "DOWN", "components": { "db": { "status": "UP" } } }""",
        """{ "status": "healthy", "environment": "blue" }""",
    ];

    private static readonly Gen<byte> AnyByte = Gen.Choose(0, 255).Select(value => (byte)value);

    // Reports that bytes were changed in, put in or cut out of get deeper into the parser than random bytes.
    private static readonly Gen<byte[]> Damaged =
        from template in Gen.Elements(Templates)
        from edits in Gen.Choose(0, int.MaxValue).Zip(AnyByte).ArrayOf().Resize(4)
        from end in Gen.Choose(0, 2 * template.Length)
        select Damage(Encoding.UTF8.GetBytes(template), edits.Select(edit => (edit.Item1, edit.Item2)), end);

    private static readonly string[] HealthyWords = ["HEALTHY", "UP"];

    [Fact]
    public void AnyBytes_NeverThrow()
    {
        AnyByte.ArrayOf().Holds(bytes => Reports.Parse(bytes), tests: 1000);
    }

    [Fact]
    public void AnyAsciiReport_Damaged_NeverThrows()
    {
        Damaged.Select(bytes => Array.ConvertAll(bytes, value => (byte)(value & 0x7F))).Holds(bytes => Reports.Parse(bytes), tests: 3000);
    }

    [Fact]
    public void AnyReport_Damaged_NeverThrows()
    {
        Damaged.Holds(bytes => Reports.Parse(bytes), tests: 3000);
    }

    [Fact]
    public void AnyBytes_AreHealthyOnlyIfTheyAreJsonThatSaysSo()
    {
        Gen.OneOf(AnyByte.ArrayOf(), Damaged.Select(bytes => Array.ConvertAll(bytes, value => (byte)(value & 0x7F)))).Holds(
            bytes =>
            {
                if (Reports.Parse(bytes).Report is { Status: "healthy" })
                {
                    SaysHealthy(bytes).Should().BeTrue();
                }
            },
            tests: 3000);
    }

    private static bool SaysHealthy(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.EnumerateObject()
            .Where(property => property.Name.Equals("status", StringComparison.OrdinalIgnoreCase))
            .Any(property => HealthyWords.Contains(property.Value.GetString()!.Trim().ToUpperInvariant()));
    }

    private static byte[] Damage(byte[] bytes, IEnumerable<(int At, byte Value)> edits, int end)
    {
        foreach (var (at, value) in edits)
        {
            bytes[at % bytes.Length] = value;
        }

        return end < bytes.Length ? bytes[..end] : bytes;
    }
}
