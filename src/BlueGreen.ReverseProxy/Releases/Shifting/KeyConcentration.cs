using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Releases.Shifting;

/// <summary>Finds services whose traffic comes from too few addresses to be shifted by address: a weight moves all requests of an address, or none.</summary>
internal sealed class KeyConcentration(BakeBaselines baselines)
{
    private const int FewClients = 10;

    // With fewer, a service is quiet, and few clients say nothing of its traffic.
    private const long ManyResponses = 1000;

    /// <summary>What to tell somebody who is about to shift; null for nothing.</summary>
    /// <param name="service">The service.</param>
    /// <param name="active">Its active slot.</param>
    public string? WarningOf(Service service, SlotName active)
    {
        if (service.Options.Traffic is not { Shift: not null, Key.Kind: TrafficKeyKind.Client })
        {
            return null;
        }

        var (counted, clients, length) = baselines.HistoryOf(service, active).Peek();
        return counted.Trials <= ManyResponses || clients > FewClients
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Traffic:Key is client, and the {counted.Trials} responses of the last {Math.Max(1, Math.Round(length.TotalMinutes)):0} min went to about {clients} client {(clients == 1 ? "address" : "addresses")}. A weight moves all requests of an address or none, so the share that is reached will differ from it. If a load balancer or CDN is in front of the gateway, name it in BlueGreen:Forwarding:TrustedProxies; otherwise set Traffic:Key to header:NAME, cookie or request.");
    }
}
