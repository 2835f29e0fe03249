using System.Globalization;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>
/// Damages valid documents byte by byte. <c>BLUEGREEN_FUZZ_INPUTS</c> sets how many inputs a test tries (20,000 without),
/// <c>BLUEGREEN_FUZZ_SEED</c> repeats a run; what fails is thrown with the seed and the input.
/// </summary>
internal static class Fuzzing
{
    private static readonly byte[][] Fragments =
        [.. new[] { "{", "}", "[", "]", "\"", ",", ":", "\\u0000", "\\ud800", "null", "true", "-1", "1e999", "9223372036854775808", "\n", "\0", "\ufeff", "2024-13-45T99:99:99Z", new string('[', 100) }.Select(System.Text.Encoding.UTF8.GetBytes)];

    public static int Inputs => Setting("BLUEGREEN_FUZZ_INPUTS", 20_000);

    public static int Seed { get; } = Setting("BLUEGREEN_FUZZ_SEED", Environment.TickCount & int.MaxValue);

    /// <summary>Tries damaged forms of the documents; the seed and the input are in what is thrown.</summary>
    public static void Run(IReadOnlyList<byte[]> documents, Action<byte[]> check)
    {
        var random = new Random(Seed);
        for (var number = 0; number < Inputs; number++)
        {
            var input = Damage(random, documents[random.Next(documents.Count)], documents);
            try
            {
                check(input);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Input {number} of BLUEGREEN_FUZZ_SEED={Seed}, in base 64: {Convert.ToBase64String(input)}", exception);
            }
        }
    }

    private static byte[] Damage(Random random, byte[] document, IReadOnlyList<byte[]> others)
    {
        var bytes = document.ToList();
        for (var edits = random.Next(1, 6); edits > 0; edits--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 20), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                default:
                    var other = others[random.Next(others.Count)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(random.Next(1, 40), other.Length - from)).ToArray());
                    break;
            }
        }

        return [.. bytes];
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
