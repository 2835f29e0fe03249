using System.Runtime.InteropServices;
using BlueGreen.Gateway.Benchmarks.Bake;
using BlueGreen.Gateway.Benchmarks.Exclusive;
using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Idle;
using BlueGreen.Gateway.Benchmarks.Measuring;
using BlueGreen.Gateway.Benchmarks.Mirroring;
using BlueGreen.Gateway.Benchmarks.Overhead;
using BlueGreen.Gateway.Benchmarks.Processes;
using BlueGreen.Gateway.Benchmarks.Shifting;
using BlueGreen.Gateway.Benchmarks.Starting;
using BlueGreen.Gateway.Benchmarks.Switching;

namespace BlueGreen.Gateway.Benchmarks;

/// <summary>What can be measured, and the roles that a measurement starts this program in again.</summary>
internal static class BenchmarkCommands
{
    // EX_USAGE of sysexits.h.
    private const int Usage = 64;

    private const string Help = """
        BlueGreen.Gateway.Benchmarks COMMAND [OPTION VALUE]...

        switch     the swap of the routing table, and a whole switch from the call to its acknowledgement
                     --only table|http   one of the two parts (default: both)
                     --switches N        switches measured a line (default 200)
                     --state FOLDER      where the state is kept; a folder on a real disk (default: beside the program)
        start      how long a start reads the state folder, after 10 switches and after many
                     --most N            switches of the last line (default 100000)
                     --state FOLDER      where the folders are made (default: beside the program)
        exclusive  exclusive switches under load: whether both versions ever serve at once, what fails, how long requests wait
                     --switches N        how many (default 1000)
                     --clients N         how many clients, each without a pause (default 32)
                     --state FOLDER      where the state is kept; a folder on a real disk (default: beside the program)
                     --plain 1           the same switches without a hold, which the APIs must see overlap
        overhead   the gateway's cost a request against plain YARP; needs two cores
                     --processes N       how often every process is started anew (default 4)
                     --blocks N          rounds a process; in each, every proxy is measured twice alone
                                         and twice together with plain YARP (default 3)
                     --seconds N         length of one measurement (default 1)
                     --warmup N          seconds of load on each proxy, twice, before anything is measured (default 5)
                     --variants A,B      some of the proxies; plain is always among them
        measuring  what it costs a request to be measured: told apart by route, counted for the bake, looked at for hangs
        mirror     whether clients notice a mirror: latency, throughput, processor time and memory with and without one in turn, for
                   standbys that are healthy, slow, hang, reset connections or are closed; needs two cores, Linux only
                     --pairs N           windows with and without per line (default 8)
                     --seconds N         length of a window (default 2)
                     --rates A,B         requests a second; 0 for as fast as the answers come (default 150,2000,0)
                     --bodies A,B        bytes of an answer (default 1024,65536)
                     --standbys A,B      some of healthy, slow, hanging, resetting, closed (default: all of them)
                     --warmup N          seconds of load with and without a mirror before anything is measured (default 10)
        idle       memory and processor time of many idle connections, against plain YARP and, where it is installed, nginx;
                   Linux only
                     --only websockets|requests|cutover
                                         idle WebSockets, idle keep-alive connections, or a cutover with the WebSockets open
                                         (default: all three)
                     --connections N     how many (default 10000; fewer WebSockets where the limit of open files is too low)
                     --seconds N         how long they are idle (default 20)
                     --repeats N         how often, with new processes each time (default 3)
        detectors  how soon, and how often wrongly, the bake and other rules roll back, on simulated streams
                     --clean N           clean streams a line (default 4000)
                     --bad N             bad streams a line (default 1000)
                     --seed N            the first of their seeds (default 20260101)
                     --out FOLDER        where detectors.md and the pictures are written; nowhere by default
        confirm    how soon, and how often wrongly, the bake rolls back when it confirms its alarms, in simulated worlds whose failures are
                   not independent, beside other rules
                     --runs N            runs a line (default 2; 2000 say something)
                     --seed N            the first of their seeds (default 20260101)
                     --threads N         runs at a time (default 1)
                     --parts A,B         some of alike, faulty, stages (default: all of them)
                     --only TEXT         the lines whose name contains it (default: all of them)
                     --out FOLDER        where a table of each part, confirmation-PART.md, and the pictures are written; nowhere by default
        ramp       how soon a good version has all of the traffic and what a bad one costs: all at once, by steps, by evidence,
                   and by the documented examples of others, on simulated streams
                     --runs N            runs a cell (default 200)
                     --seed N            the first of their seeds (default 20260101)
                     --rates A,B         requests a second (default 10,100,1000)
                     --out FOLDER        where ramp.md and ramp.svg are written; nowhere by default
        --help     this text
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        // The gateway as it is shipped does not end with the process that started it.
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => ChildProcess.KillAll());
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => ChildProcess.KillAll());
        try
        {
            switch (args)
            {
                case ["--help" or "-h"]:
                    Console.WriteLine(Help);
                    return 0;
                case ["switch", .. var rest]:
                    return await SwitchCommand.RunAsync(CommandOptions.Read(rest, SwitchCommand.Options));
                case ["exclusive", .. var rest]:
                    return await ExclusiveCommand.RunAsync(CommandOptions.Read(rest, ExclusiveCommand.Options));
                case ["start", .. var rest]:
                    return StartCommand.Run(CommandOptions.Read(rest, StartCommand.Options));
                case ["overhead", .. var rest]:
                    return await OverheadCommand.RunAsync(CommandOptions.Read(rest, OverheadCommand.Options));
                case ["measuring"]:
                    return SmallBenchmarks.Run<MeasuredRequest>() ? 0 : 1;
                case ["mirror", .. var rest]:
                    return await MirrorCommand.RunAsync(CommandOptions.Read(rest, MirrorCommand.Options));
                case ["idle", .. var rest]:
                    return await IdleCommand.RunAsync(CommandOptions.Read(rest, IdleCommand.Options));
                case ["detectors", .. var rest]:
                    return await DetectorsCommand.RunAsync(CommandOptions.Read(rest, DetectorsCommand.Options));
                case ["confirm", .. var rest]:
                    return await ConfirmationCommand.RunAsync(CommandOptions.Read(rest, ConfirmationCommand.Options), Console.Out);
                case ["ramp", .. var rest]:
                    return await RampCommand.RunAsync(CommandOptions.Read(rest, RampCommand.Options));
                case [MirrorRoles.Api]:
                    return await MirrorRoles.RunApiAsync();
                case [MirrorRoles.Load]:
                    return await MirrorRoles.RunLoadAsync();
                case [ApiHost.Role]:
                    return await ApiHost.RunAsync();
                case [OverlapApiHost.Role]:
                    return await OverlapApiHost.RunAsync();
                case [ProxyHost.Role, var kind, var file]:
                    return await ProxyHost.RunAsync(kind, file);
                case [LoadHost.Role]:
                    return await LoadHost.RunAsync();
                case [IdleApiHost.Role]:
                    return await IdleApiHost.RunAsync();
                case [IdleLoadHost.Role]:
                    return await IdleLoadHost.RunAsync();
                default:
                    throw new UsageException(args.Length == 0 ? "A command is missing." : $"Unknown command: {string.Join(' ', args)}");
            }
        }
        catch (UsageException exception)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} --help lists the commands.");
            return Usage;
        }
    }
}
