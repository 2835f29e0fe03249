using BlueGreen.Cli.CommandLine;

return await CommandRunner.RunAsync(args, TimeProvider.System);
