using System.Net.Http.Headers;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

/// <summary>A request waits for its response until the headers are there, whatever follows them.</summary>
public sealed class ResponseBeginTests
{
    private readonly Slot _slot = new(SlotName.Green, "orders-green");
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData("application/grpc")]
    public async Task Headers_OfAnyResponse_EndTheWait(string contentType)
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        var context = new DefaultHttpContext();
        var lease = new SlotLease(_slot) { StartedAt = _time.GetTimestamp() };
        watch.TryEnter().Should().BeTrue();
        lease.Follow(new TrafficSplit(SlotName.Green, 5000, new SplitKeying("r1", TrafficKeyKind.Request), watch), isNew: true, key: 1);
        _slot.Hangs = new HangWatch(_time, TimeSpan.FromSeconds(1));
        lease.AwaitResponse(_slot.Hangs, client: 7);
        if (contentType == "application/grpc")
        {
            lease.BeginGrpcCall(_time);
        }

        context.Features.Set(lease);
        using var response = new HttpResponseMessage { Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        context.Response.ContentType = contentType;
        await new SlotTransformer(HttpTransformer.Default, new(new CurrentOptions(new BlueGreenOptions())), Services.Listeners(), _time).TransformResponseAsync(context, response, CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(5));

        watch.Unanswered.Should().Be(0);
        watch.Overdue.Should().Be(0);
        var (trials, bad, _) = _slot.Hangs.Read();
        (trials, bad).Should().Be((1L, 0L));
    }
}
