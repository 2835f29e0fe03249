using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

public sealed class PreviewDrainTests
{
    private const string Header = PreviewClient.Header;

    [Fact]
    public async Task Drain_WithPreviewsOpen_EndsAtOnceAndEndsThem()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var token = await fleet.TokenAsync("blue");
        var request = client.AskAsync("/orders/gate/never", (Header, token));
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11, headers: (Header, token));
        (await socket.EchoAsync()).Should().Be("1.0.0");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight is { Preview: 2, Total: 0 });

        var cutover = await fleet.Admin.CutoverAsync(until: "drained");

        cutover.Status.Should().Be(200, cutover.Body);
        cutover.Release.Drain!.Aborted.Should().Be(0, "previews are nobody's requests");
        await socket.UntilClosedAsync();
        (socket.CloseCode, socket.Broken).Should().Be((1012, null), "a WebSocket is closed as a drain closes it");
        var ended = await request;
        ended.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        ended.Body.Should().Contain("The preview was ended");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Preview == 0);
    }

    // The signal of the drain stays raised until the slot is active again.
    [Fact]
    public async Task Preview_AfterADrainThatWasCutShort_IsServed()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var cut = client.AskAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = await fleet.Admin.CutoverAsync(new { drainSeconds = 0.1 }, until: "drained");
        cutover.Release.Drain!.Aborted.Should().Be(1, cutover.Body);
        (await cut).Status.Should().Be(HttpStatusCode.GatewayTimeout);

        var token = await fleet.TokenAsync();
        (await client.AskAsync("/orders/x", (Header, token))).Body.Should().Be("1.0.0");
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11, headers: (Header, token));
        (await socket.EchoAsync()).Should().Be("1.0.0");
    }

    [Fact]
    public async Task Deployment_IntoASlotWithPreviews_EndsThemAndTheNextOnesSeeIt()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("3.0.0");
        using var client = fleet.Client();
        var token = await fleet.TokenAsync();
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11, headers: (Header, token));
        (await socket.EchoAsync()).Should().Be("2.0.0");

        var deployed = await fleet.Admin.SendAsync(
            HttpMethod.Put, "/v1/services/orders/slots/green", new { destinations = new Dictionary<string, object> { ["g2"] = new { address = next.Address } } });

        deployed.Status.Should().Be(200, deployed.Body);
        (await client.AskAsync("/orders/x", (Header, token))).Body.Should().Be("3.0.0");
        await socket.UntilClosedAsync();
        socket.CloseCode.Should().Be(1012);
    }

    [Fact]
    public async Task Stop_WithPreviewsOpen_EndsThemAndDoesNotWaitForThem()
    {
        await using var fleet = await Fleet.StartAsync(configuration => configuration["BlueGreen"]!["Shutdown"]!["Timeout"] = "00:10:00");
        using var client = fleet.Client();
        var token = await fleet.TokenAsync();
        var request = client.AskAsync("/orders/gate/never", (Header, token));
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11, headers: (Header, token));
        (await socket.EchoAsync()).Should().Be("2.0.0");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Preview == 2);

        var stopped = fleet.Gateway.StopAsync();

        await socket.UntilClosedAsync();
        socket.CloseCode.Should().Be(1012);
        (await request).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        await stopped.WaitAsync(TestLimits.Wait);
    }

    [Fact]
    public async Task EventStream_OfAPreview_IsOpenAndClosedWithTheDeployment()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/events") { Headers = { { Header, await fleet.TokenAsync() }, { "Accept", "text/event-stream" } } };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        (await lines.ReadLineAsync()).Should().NotBeNull();
        (await fleet.Admin.StatusAsync()).Slots.Green.InFlight.Should().Be(new InFlightCounts(0, 0, 0, 0) { Preview = 1 });

        var deployed = await fleet.Admin.SendAsync(
            HttpMethod.Put, "/v1/services/orders/slots/green", new { version = "2.0.0", destinations = new Dictionary<string, object> { ["g9"] = new { address = fleet.Green.Address } } });

        deployed.Status.Should().Be(200, deployed.Body);
        (await lines.ReadToEndAsync().WaitAsync(TestLimits.Wait)).Should().EndWith("\n\n", "it ends between two events");
    }
}
