using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What the status of a service says of its hold.</summary>
internal static class HoldViews
{
    /// <summary>The hold of a service; null for none. One that is over in fact, and not yet in the state, is none.</summary>
    public static HoldStatus? Of(GatewayState state, Service service)
    {
        if (ServiceRoutes.HoldOf(state, service.Name) is not { } hold || !service.Held.Keeps(hold))
        {
            return null;
        }

        var release = hold.IsOfRelease ? state.Running.Find(release => release.Id == hold.Id) : null;
        var byHand = state.Services[service.Name].Hold;
        var figures = service.Held.Figures;
        return new HoldStatus(
            release?.Id,
            hold.Since,
            hold.Since + hold.Duration,
            hold.MaxRequests,
            release?.Actor ?? byHand?.Actor ?? "",
            release is null ? byHand?.Reason : release.Reason,
            figures.Waiting,
            figures.Held,
            figures.Refused,
            figures.Canceled,
            Math.Round(figures.LongestWait.TotalMilliseconds, 1),
            HoldIdle.IsIdle(service));
    }

    /// <summary>The warning that goes with it.</summary>
    public static IEnumerable<string> Warnings(HoldStatus? hold, string service)
    {
        if (hold is not null)
        {
            var until = hold.Release is null ? $"POST /v1/services/{service}/resume" : $"release {hold.Release} has switched or ended";
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The service is held since {hold.Since:u} (by {hold.Actor}{(hold.Reason is null ? "" : $": {hold.Reason}")}): {Counted.Of(hold.Waiting, "request")} {(hold.Waiting == 1 ? "waits" : "wait")}, until {until}, at the latest until {hold.EndsAt:u}.");
        }
    }
}
