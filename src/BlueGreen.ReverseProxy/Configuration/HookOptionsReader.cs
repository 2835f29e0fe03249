using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Hooks</c>.</summary>
internal static class HookOptionsReader
{
    private const int ShortestSecret = 16;

    private static readonly string Events = string.Join(", ", SectionReader.NamesOf<HookEvent>(isPascalCase: false));

    public static ImmutableArray<HookOptions> Read(SectionReader reader, IEnumerable<string> services)
    {
        var hooks = ImmutableArray.CreateBuilder<HookOptions>();
        foreach (var (name, entry) in reader.Children())
        {
            hooks.Add(ReadHook(name, entry, [.. services]));
        }

        return [.. hooks.OrderBy(hook => hook.Name, StringComparer.Ordinal)];
    }

    private static HookOptions ReadHook(string name, SectionReader reader, ImmutableArray<string> known)
    {
        var url = reader.RequiredText("Url", "an absolute http or https URL");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            if (url.Length > 0)
            {
                reader.Error("Url", url, "is not allowed: an absolute http or https URL");
            }

            address = new Uri("http://invalid/");
        }

        var events = reader.NameList<HookEvent>("Events");
        if (events.IsEmpty)
        {
            reader.Error("Events", null, $"is missing: a list of {Events}");
        }

        var services = reader.TextList("Services");
        foreach (var service in services.Where(service => !known.Contains(service, StringComparer.OrdinalIgnoreCase)))
        {
            reader.Error("Services", service, $"is not a service: {string.Join(", ", known)}");
        }

        var secret = reader.Text("Secret");
        if (secret is { Length: < ShortestSecret })
        {
            reader.Error("Secret", null, $"is not allowed (value not shown): at least {ShortestSecret} characters");
        }

        var hook = new HookOptions
        {
            Name = name,
            Url = address,
            Events = events,
            Services = services,
            Secret = secret,
            Timeout = reader.Duration("Timeout", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)),
            GiveUpAfter = reader.Duration("GiveUpAfter", TimeSpan.FromHours(24), TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(30)),
        };
        reader.RejectUnknown();
        return hook;
    }
}
