using BlueGreen.Gateway.Benchmarks;

return await BenchmarkCommands.RunAsync(args);
