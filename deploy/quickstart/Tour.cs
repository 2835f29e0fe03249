using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Quickstart.Administration;

namespace BlueGreen.Quickstart;

/// <summary>What is shown, step by step: a cutover, one that is refused, a rollback; all of it while the load goes on.</summary>
internal sealed class Tour(AdminClient admin, Uri blueApi, TourSteps steps, Stage stage)
{
    private const string Switched = "switched";

    /// <summary>Goes through all steps.</summary>
    /// <exception cref="QuickstartException">An answer was not the expected one.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        stage.Step = "blue serves";
        await steps.HealthyAsync(SlotName.Blue, stop);
        await steps.HealthyAsync(SlotName.Green, stop);
        await Task.Delay(TourSteps.Pause, stop);

        stage.Step = "cutover to green";
        await steps.CutOverToGreenAsync(gates: null, stop);

        stage.Step = "cutover to blue, whose health is broken";
        await BeRefusedAsync(stop);

        stage.Step = "rollback to blue";
        await RollBackToBlueAsync(stop);
    }

    private async Task BeRefusedAsync(CancellationToken stop)
    {
        await SetHealthAsync("unhealthy", stop);
        var answer = await admin.CutoverAsync(new CutoverRequest(SlotName.Blue, "quickstart"), $"{Guid.NewGuid()}", Switched, stop);
        if (answer is not { Status: HttpStatusCode.UnprocessableEntity, Code: ProblemCodes.GateFailed })
        {
            throw new QuickstartException($"A cutover to an unhealthy slot was answered with {answer}; expected is 422 {ProblemCodes.GateFailed}.");
        }

        stage.AddResult($"cutover to blue refused after {answer.Took.TotalMilliseconds:0} ms, {answer}");

        // What the load sees from here on is held against the last acknowledgement as before: all of it has to be on green.
        if ((await admin.StatusAsync(stop)).Active != SlotName.Green)
        {
            throw new QuickstartException("A cutover was refused, but it has switched.");
        }

        await Task.Delay(TourSteps.Pause, stop);
        await SetHealthAsync("healthy", stop);
        await steps.HealthyAsync(SlotName.Blue, stop);
    }

    private async Task RollBackToBlueAsync(CancellationToken stop)
    {
        var key = $"{Guid.NewGuid()}";
        await steps.SwitchAsync("rollback", SlotName.Green, SlotName.Blue, until => admin.RollbackAsync(new RollbackRequest("quickstart"), key, until, stop));
        await Task.Delay(TourSteps.Pause, stop);
    }

    private async Task SetHealthAsync(string health, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = blueApi };
        using var response = await http.PostAsync($"/chaos/{health}", content: null, stop);
        response.EnsureSuccessStatusCode();
        stage.Note($"POST /chaos/{health} on the blue API");
    }
}
