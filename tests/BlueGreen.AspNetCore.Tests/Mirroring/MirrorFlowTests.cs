using System.Net;
using System.Net.Sockets;
using System.Text;
using BlueGreen.AspNetCore.Mirroring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>How far a mirrored request reaches: into singletons and into what it starts, and no further.</summary>
public sealed class MirrorFlowTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    // A loop that a mirrored request has started must not drop payments for ever.
    [Fact]
    public async Task Flow_AfterTheEndOfItsRequest_IsMirroredUntilTheGraceIsOver()
    {
        var clock = new ManualClock();
        var flow = new MirrorFlow(clock);
        Func<bool>? ask = null;
        await RequestAsync();

        flow.IsMirrored.Should().BeFalse("the flow that called the request is another one");
        ask!().Should().BeTrue();
        clock.Advance(MirrorFlow.Grace);
        ask().Should().BeTrue();
        clock.Advance(TimeSpan.FromTicks(1));
        ask().Should().BeFalse();

        async Task RequestAsync()
        {
            var begun = flow.Begin();
            await Task.Yield();
            flow.IsMirrored.Should().BeTrue();
            clock.Advance(TimeSpan.FromHours(1));
            flow.IsMirrored.Should().BeTrue("it is under way, however long that takes");
            var context = ExecutionContext.Capture()!;
            ask = () =>
            {
                var answer = false;
                ExecutionContext.Run(context, _ => answer = flow.IsMirrored, state: null);
                return answer;
            };
            begun.End(clock);
        }
    }

    // However long it takes; and whoever has called the pipeline is not in the request's flow.
    [Fact]
    public async Task Request_ThatTakesLongerThanTheGrace_IsMirroredToItsEndAndItsCallerIsNot()
    {
        var clock = new ManualClock();
        var flow = new MirrorFlow(clock);
        var options = new BlueGreenMirroringOptions();
        Marks.Configure(options);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool? seen = null;
        var middleware = new MirrorMiddleware(
            async _ =>
            {
                await goOn.Task;
                seen = flow.IsMirrored;
            },
            flow,
            Options.Create(options),
            clock,
            NullLogger<MirrorMiddleware>.Instance);
        var context = new DefaultHttpContext();
        context.Request.Headers[Marks.Header] = Marks.Sign();

        var request = middleware.InvokeAsync(context);
        flow.IsMirrored.Should().BeFalse();
        clock.Advance(MirrorFlow.Grace * 2);
        goOn.SetResult();
        await request;

        seen.Should().BeTrue();
    }

    [Fact]
    public async Task Singleton_AskedByATaskAfterTheAnswer_KnowsThatItIsMirrored()
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenMirroring(Marks.Configure).AddSingleton<Mailer>(),
            app => app.MapGet("/", (Mailer mailer) =>
            {
                _ = Task.Run(async () =>
                {
                    await answered.Task;
                    sent.SetResult(mailer.Sends);
                });
                return "done";
            }));

        (await api.Client.AskAsync("/", Marks.Sign())).Should().Be("done");
        answered.SetResult();

        (await sent.Task.WaitAsync(Guard)).Should().BeFalse();
    }

    // What the server uses for the next request of a connection is not the flow of the one before.
    [Fact]
    public async Task Requests_OnOneConnection_AreEachWhatTheyAre()
    {
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenMirroring(Marks.Configure).AddSingleton<Mailer>(), app => app.MapGet("/", (Mailer mailer) => mailer.Sends ? "sends" : "skips"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        string[] requests = [Get(Marks.Sign()), Get(mark: null), Get(Marks.Sign()), Get("forged"), Get($"{Marks.Sign()}\r\n{Marks.Header}: {Marks.Sign()}"), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"];

        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(requests)));
        using var reader = new StreamReader(stream);
        var answers = await reader.ReadToEndAsync().WaitAsync(Guard);

        answers.Split("\r\n").Where(line => line is "sends" or "skips" || line.StartsWith("sendsHTTP", StringComparison.Ordinal) || line.StartsWith("skipsHTTP", StringComparison.Ordinal))
            .Select(line => line[..5]).Should().Equal("skips", "sends", "skips", "sends", "sends", "sends");

        static string Get(string? mark) => $"GET / HTTP/1.1\r\nHost: a\r\n{(mark is null ? "" : $"{Marks.Header}: {mark}\r\n")}\r\n";
    }

    [Fact]
    public async Task Log_OfAMirroredRequest_SaysSo()
    {
        using var log = new CollectedLog();
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenMirroring(Marks.Configure).AddLogging(logging => logging.AddProvider(log)),
            app => app.MapGet("/{text}", (string text, ILogger<MirrorFlowTests> logger) =>
            {
#pragma warning disable CA1848, CA2254 // A line of a test.
                logger.LogInformation(text);
#pragma warning restore CA1848, CA2254
            }));

        await api.Client.AskAsync("/mirrored", Marks.Sign());
        await api.Client.AskAsync("/plain");

        log.Lines.Single(line => line.Text == "mirrored").Scope.Should().Contain("Mirrored", true);
        log.Lines.Single(line => line.Text == "plain").Scope.Should().NotContainKey("Mirrored");
    }

    [Fact]
    public void IsMirrored_OutsideOfRequests_IsFalse() => new MirrorFlow(TimeProvider.System).IsMirrored.Should().BeFalse();

    private sealed class Mailer(IMirroredRequest request)
    {
        public bool Sends => !request.IsMirrored;
    }
}
