using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Support;

internal static class Properties
{
    /// <summary>Throws with the smallest counterexample that was found, and the seed that repeats it.</summary>
    public static void Holds<T>(this Gen<T> values, Action<T> check, int tests = 200) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), Prop.ForAll(values.ToArbitrary(), check));

    /// <summary>The same for sequences, which are cut down to a shortest one that fails.</summary>
    public static void HoldsForSequences<T>(this Gen<T> steps, Action<IReadOnlyList<T>> check, int tests, int length)
    {
        var arbitrary = Arb.From(
            steps.ArrayOf().Resize(length),
            sequence => Enumerable.Range(0, sequence.Length).Select(index => sequence.Where((_, at) => at != index).ToArray()));
        Action<T[]> checkAll = sequence => check(sequence);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), Prop.ForAll(arbitrary, checkAll));
    }
}
