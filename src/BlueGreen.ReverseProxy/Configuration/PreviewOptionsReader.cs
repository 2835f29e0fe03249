using System.Collections.Frozen;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Services:{name}:Preview</c>.</summary>
internal static class PreviewOptionsReader
{
    private const string HostAllowed = "is not allowed as a host: a name such as preview.example.com, without scheme, port and path";
    private const int MaxHostLength = 253;
    private const int MaxLabelLength = 63;

    public static PreviewOptions Read(SectionReader reader)
    {
        var hosts = new Dictionary<string, PreviewHostOptions>(StringComparer.OrdinalIgnoreCase);
        var section = reader.Section("Hosts");
        foreach (var (host, entry) in section.Children())
        {
            if (!IsHost(host))
            {
                section.Error(host, host, HostAllowed);
            }

            hosts[host] = ReadHost(entry);
        }

        reader.RejectUnknown();
        return new PreviewOptions { Hosts = hosts.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase) };
    }

    /// <summary>What can be said of the hosts only with the rest of the section.</summary>
    public static void Check(BlueGreenOptions options, List<ConfigurationError> errors)
    {
        var owners = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var service in options.Services.Values.OrderBy(service => service.Name, StringComparer.Ordinal))
        {
            foreach (var (host, entry) in service.Preview.Hosts)
            {
                var key = $"BlueGreen:Services:{service.Name}:Preview:Hosts:{host}";
                if (!owners.TryAdd(host, service.Name))
                {
                    errors.Add(new(key, null, $"is not allowed: the host shows a preview of {owners[host]} already"));
                }

                if (!entry.Networks.IsEmpty && options.Forwarding.TrustedProxies.IsEmpty && !entry.Direct)
                {
                    errors.Add(new(
                        $"{key}:Networks",
                        null,
                        "can't be told apart: without BlueGreen:Forwarding:TrustedProxies a proxy in front of the gateway would count as the client, for everybody. Name the proxies, or say \"Direct\": true where there is none"));
                }
            }
        }
    }

    private static PreviewHostOptions ReadHost(SectionReader reader)
    {
        var options = new PreviewHostOptions
        {
            Slot = reader.Name("Slot", PreviewSlot.Standby),
            Networks = reader.Networks("Networks"),
            Anyone = reader.Boolean("Anyone", fallback: false),
            Direct = reader.Boolean("Direct", fallback: false),
        };
        if (options.Anyone != options.Networks.IsEmpty)
        {
            reader.Error("Anyone", options.Anyone ? "true" : null, options.Anyone ? "is not allowed beside Networks: one of the two" : "is missing: Networks, or \"Anyone\": true");
        }

        reader.RejectUnknown();
        return options;
    }

    private static bool IsHost(string host) =>
        host.Length <= MaxHostLength
        && host.Split('.').All(label =>
            label.Length is > 0 and <= MaxLabelLength && label[0] != '-' && label[^1] != '-' && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-'));
}
