using BlueGreen.Quickstart.Administration;
using BlueGreen.Quickstart.Api;
using BlueGreen.Quickstart.Load;
using BlueGreen.Quickstart.Processes;
using BlueGreen.Quickstart.Views;

namespace BlueGreen.Quickstart;

/// <summary>Starts everything, gives the tour, says what came of it, and leaves nothing behind.</summary>
internal static class QuickstartRun
{
    private const int Good = 0;
    private const int Bad = 1;

    // As shells have it: 128 and the number of SIGINT.
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(bool once, bool mirror, IView view, CancellationToken stop)
    {
        await using var installation = new Installation();
        try
        {
            Console.WriteLine("Starting two APIs and the gateway ...");
            await installation.StartAsync(mirror ? OrdersApi.FaultyVersion : Installation.GreenVersion, stop);
            Console.WriteLine($"Gateway {installation.Gateway}  admin {installation.Admin}  blue {installation.Blue}  green {installation.Green}");
            Console.WriteLine($"Load: {LoadGenerator.Description}");
            return await ShowAsync(installation, once, mirror, view, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.WriteLine("Interrupted.");
            return Interrupted;
        }
        catch (QuickstartException failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return Bad;
        }
    }

    private static async Task<int> ShowAsync(Installation installation, bool once, bool mirror, IView view, CancellationToken stop)
    {
        using var admin = new AdminClient(installation.Admin);
        var statistics = new LoadStatistics();
        var poll = new StatusPoll(admin);
        var stage = new Stage(view, poll, statistics);
        var steps = new TourSteps(admin, statistics, stage);
        Func<CancellationToken, Task> tour = mirror
            ? new MirrorTour(admin, installation, steps, stage).RunAsync
            : new Tour(admin, installation.Blue, steps, stage).RunAsync;

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var load = new LoadGenerator(installation.Gateway, statistics).RunAsync(over.Token);
        var background = Task.WhenAll(load, poll.RunAsync(over.Token));
        try
        {
            var problem = await WhileShownAsync(stage, view, token => installation.GuardAsync(tour, token), stop);
            if (once)
            {
                // The last answers count too.
                await over.CancelAsync();
                await background;
            }

            var verdict = new Verdict(statistics.Read(), stage.Results, problem);
            Console.WriteLine(verdict);
            if (!once && problem is null)
            {
                Console.WriteLine(Invitation(installation, mirror));
                stage.Step = "yours";

                // Who switches now does not tell this process; what was promised for the tour no longer holds.
                statistics.ExpectSwitch();
                problem = await WhileShownAsync(stage, view, token => installation.GuardAsync(StayAsync, token), stop);
                Console.WriteLine(problem ?? "Stopped.");
            }

            return verdict.IsGood && problem is null ? Good : Bad;
        }
        finally
        {
            await over.CancelAsync();
            await background;
        }
    }

    private static async Task<string?> WhileShownAsync(Stage stage, IView view, Func<CancellationToken, Task<string?>> work, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var shown = view.ShowAsync(stage, over.Token);
        try
        {
            return await work(stop);
        }
        finally
        {
            await over.CancelAsync();
            await shown;
        }
    }

    private static async Task StayAsync(CancellationToken stop) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static string Invitation(Installation installation, bool mirror)
    {
        var service = new Uri(installation.Admin, $"/v1/services/{GatewaySettings.Service}");

        if (mirror)
        {
            return $$"""

                Everything stays up until Ctrl-C, with {{Installation.GreenVersion}} on green. The configuration is {{installation.ConfigFile}}
                The admin API is {{installation.Admin}}; from another terminal:

                  curl -s -X POST {{service}}/mirror
                  curl -s {{service}}/mirror
                  curl -s -X POST -H "Prefer: wait=30" {{service}}/rollback

                This mirror goes from green to blue. Without "ignore", it finds the version and the slot too.

                """;
        }

        // Forced: the tour has rolled 2.0.0 back, and without force the gateway refuses a version that was.
        return $$"""

            Everything stays up until Ctrl-C. The configuration is {{installation.ConfigFile}}
            The admin API is {{installation.Admin}}; from another terminal:

              curl -s {{service}}
              curl -s -X POST -H "Prefer: wait=30" -H "Content-Type: application/json" -d "{\"force\":true}" {{service}}/cutover
              curl -s -X POST -H "Prefer: wait=30" {{service}}/rollback

            The cutover is forced, because 2.0.0 was just rolled back: leave the -d away to see how it is refused.

            """;
    }
}
