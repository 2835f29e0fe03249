using System.Net;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A test that needs a name for a loopback address other than <c>localhost</c> and the machine's own, such as <c>ip6-loopback</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HostsFactAttribute : FactAttribute
{
    public HostsFactAttribute()
    {
        if (Find() is null)
        {
            Skip = "/etc/hosts has no such name.";
        }
    }

    /// <summary>The first such name that leads to one address.</summary>
    public static (string Name, IPAddress Address)? Find()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/etc/hosts"))
        {
            return null;
        }

        var names = File.ReadLines("/etc/hosts").SelectMany(line => line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Skip(1));
        foreach (var name in names.Distinct(StringComparer.OrdinalIgnoreCase).Where(name => !IsExcluded(name)))
        {
            if (Dns.GetHostAddresses(name).Distinct().ToList() is [var address] && IPAddress.IsLoopback(address))
            {
                return (name, address);
            }
        }

        return null;
    }

    private static bool IsExcluded(string name) =>
        name.Any(char.IsUpper) || name.Split('.')[^1] == "localhost" || name.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase);
}
