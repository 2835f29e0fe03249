using System.Net;
using BlueGreen.ReverseProxy.Admin.Connections;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.Tests.Admin;

public sealed class AdminConnectionsTests
{
    private readonly ManualTime _time = new();
    private readonly AdminConnections _all;
    private readonly Dictionary<Client, Task> _tracked = [];

    public AdminConnectionsTests() => _all = new(limit: 4, _time);

    [Fact]
    public void Connection_OverTheLimit_DisplacesTheOldestThatIsNotHeld()
    {
        var (held, oldest, next) = (Enter(), Enter(), Enter());
        Enter();
        held.Hold().Should().BeTrue();

        var late = Enter();

        oldest.IsClosed.Should().BeTrue();
        new[] { held, next, late }.Should().OnlyContain(client => !client.IsClosed);
        _all.Open.Should().Be(4);
        Enter();
        next.IsClosed.Should().BeTrue();
    }

    // Whoever opens many displaces its own.
    [Fact]
    public void Connections_OfAClientWithMany_DisplaceNoneOfAClientWithFew()
    {
        var few = Enter("192.0.2.1");
        foreach (var _ in Enumerable.Range(0, 100))
        {
            Enter("2001:db8::1");
        }

        few.IsClosed.Should().BeFalse();
        Enter("192.0.2.2").IsClosed.Should().BeFalse();
        few.IsClosed.Should().BeFalse("the other one has three");
    }

    // The interleaving: its request is let in when it has been displaced already.
    [Fact]
    public void Request_OfAConnectionThatWasDisplaced_IsNotCarriedOut()
    {
        var displaced = Enter();
        foreach (var _ in Enumerable.Range(0, 4))
        {
            Enter();
        }

        displaced.Hold().Should().BeFalse();
    }

    [Fact]
    public async Task Connection_WhoseAnswerWasHandedOver_IsNotHeldAnyMore()
    {
        var held = Enter();
        held.Hold().Should().BeTrue();
        held.Hold().Should().BeTrue("HTTP/2 carries several");
        Enter().Hold();
        Enter().Hold();
        Enter().Hold();
        await held.AnswerAsync();
        Enter().IsClosed.Should().BeTrue("every one is held");
        held.IsClosed.Should().BeFalse();

        await held.AnswerAsync();

        Enter().IsClosed.Should().BeFalse();
        held.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Connections_AllHeld_TheOldestWithNothingButStreamsGoes()
    {
        var (call, stream, other) = (Enter(), Enter(), Enter());
        foreach (var client in new[] { call, stream, other, Enter() })
        {
            client.Hold().Should().BeTrue();
        }

        _all.TryBeginStream(stream.Connection).Should().BeTrue();
        _all.TryBeginStream(other.Connection).Should().BeTrue();

        Enter().Hold().Should().BeTrue();
        (call.IsClosed, stream.IsClosed, other.IsClosed).Should().Be((false, true, false), "it resumes after its last event");
    }

    [Fact]
    public void Streams_MoreThanHalfOfTheLimit_AreRefusedUntilOneEnds()
    {
        var connection = Enter().Connection;
        _all.TryBeginStream(connection).Should().BeTrue();
        _all.TryBeginStream(null).Should().BeTrue("an application of one's own has other connections");

        _all.TryBeginStream(connection).Should().BeFalse();
        _all.EndStream(null);

        _all.TryBeginStream(connection).Should().BeTrue();
    }

    [Fact]
    public void Connection_WithoutARequestInTime_IsClosedAndOneWithARequestIsNot()
    {
        var (silent, used) = (Enter(), Enter());
        used.Connection!.Use();

        _time.Advance(AdminConnections.FirstRequestTimeout);

        silent.IsClosed.Should().BeTrue();
        used.IsClosed.Should().BeFalse();
    }

    [Fact]
    public async Task Connections_ThatEnd_LeaveNothingBehind()
    {
        var clients = Enumerable.Range(0, 10).Select(_ => Enter()).ToList();
        clients.ForEach(client => client.End());

        await Task.WhenAll(_tracked.Values);

        _all.Open.Should().Be(0);
    }

    private Client Enter(string address = "127.0.0.1")
    {
        var client = new Client(address);
        _tracked[client] = _all.TrackAsync(client.Context, _ => client.Ended);
        return client;
    }

    private sealed class Client
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Queue<Func<Task>> _answers = [];

        public Client(string address)
        {
            Context = new Aborting(() => IsClosed = true) { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
        }

        public ConnectionContext Context { get; }

        public AdminConnection? Connection => Context.Features.Get<AdminConnection>();

        public bool IsClosed { get; private set; }

        public Task Ended => _end.Task;

        public bool Hold()
        {
            if (Connection is null)
            {
                return false;
            }

            var response = new Response(_answers);
            var context = new DefaultHttpContext();
            context.Features.Set<IHttpResponseFeature>(response);
            return Connection.TryHold(context);
        }

        public Task AnswerAsync() => _answers.Dequeue()();

        public void End() => _end.SetResult();
    }

    private sealed class Aborting(Action closed) : DefaultConnectionContext
    {
        public override void Abort(ConnectionAbortedException abortReason) => closed();
    }

    private sealed class Response(Queue<Func<Task>> completed) : HttpResponseFeature
    {
        public override void OnCompleted(Func<object, Task> callback, object state) => completed.Enqueue(() => callback(state));
    }
}
