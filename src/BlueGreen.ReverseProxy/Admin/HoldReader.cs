using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads the limits of a hold. Pure: what is wrong is collected in the request, not answered.</summary>
internal static class HoldReader
{
    private const string Field = "hold";
    private const string Abort = "abort";
    private const string Switch = "switch";
    private const string Wait = "wait";
    private const string Ignore = "ignore";

    /// <summary>Reads <c>hold</c> of a cutover. A group has the longest time, the most requests, and the careful choice of its services.</summary>
    /// <returns>Null for a switch that is not exclusive.</returns>
    public static ReleaseHoldState? ReadPlan(BodyReader body, IReadOnlyCollection<Service> services)
    {
        if (body.Object(Field) is not { } hold)
        {
            return null;
        }

        if (body.Has("shift"))
        {
            body.Fail(Field, "and shift exclude each other: an exclusive switch moves all of the traffic at once");
        }

        HoldOptions[] options = [.. services.Select(service => service.Options.Hold).DefaultIfEmpty(new())];
        var plan = new ReleaseHoldState(
            hold.Number("maxSeconds", HoldOptions.Shortest.TotalSeconds, HoldOptions.Longest.TotalSeconds) ?? options.Max(one => one.MaxDuration).TotalSeconds,
            hold.WholeNumber("maxRequests", 1, HoldOptions.MostRequests, "a whole number") ?? options.Max(one => one.MaxRequests),
            hold.Word("onTimeout", Abort, Switch) is { } action ? action == Switch ? HoldTimeoutAction.Switch : HoldTimeoutAction.Abort : options.Min(one => one.OnTimeout),
            hold.Word("streams", Wait, Ignore) is { } streams ? streams == Ignore ? HoldStreams.Ignore : HoldStreams.Wait : options.Min(one => one.Streams));
        hold.RejectUnknown();
        return plan;
    }

    /// <summary>Reads the limits of a hold by hand.</summary>
    public static HoldLimits ReadLimits(BodyReader body, Service service) => new(
        body.Number("maxSeconds", HoldOptions.Shortest.TotalSeconds, HoldOptions.Longest.TotalSeconds) ?? service.Options.Hold.MaxDuration.TotalSeconds,
        body.WholeNumber("maxRequests", 1, HoldOptions.MostRequests, "a whole number") ?? service.Options.Hold.MaxRequests);
}
