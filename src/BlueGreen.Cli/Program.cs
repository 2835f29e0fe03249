using System.Text;
using BlueGreen.Cli.CommandLine;

if (OperatingSystem.IsWindows())
{
    // A console there has a code page of its own, which has no bars and no check marks.
    Console.OutputEncoding = Encoding.UTF8;
}

return await CommandRunner.RunAsync(args, TimeProvider.System);
