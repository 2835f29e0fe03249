using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace BlueGreen.Gateway.Benchmarks;

/// <summary>Runs the benchmarks of a class, of what takes nanoseconds.</summary>
internal static class SmallBenchmarks
{
    /// <returns>Whether every benchmark has a result.</returns>
    public static bool Run<T>()
    {
        // In this process: the project that BenchmarkDotNet would generate and build does not take Directory.Build.props, and
        // without what that says of System.IO.Hashing it can't be restored everywhere.
        // Bounded, because on a machine that others use too it would go on measuring until the figures are calm.
        var job = Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(5)
            .WithIterationTime(TimeInterval.FromMilliseconds(200))
            .WithIterationCount(20);
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Median)
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default)
            .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet.Artifacts"))
            .WithOptions(ConfigOptions.DisableLogFile);
        var summary = BenchmarkRunner.Run<T>(config);
        return !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success);
    }
}
