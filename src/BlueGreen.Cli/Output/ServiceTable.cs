using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Output;

/// <summary>All services, a line each, within 80 columns.</summary>
internal static class ServiceTable
{
    public static TextTable Of(IEnumerable<ServiceStatus> services)
    {
        var table = new TextTable([0, 2, 3], "SERVICE", "ACTIVE", "BLUE", "GREEN", "IN FLIGHT", "RELEASE");
        foreach (var service in services)
        {
            table.Add(
                service.Name,
                new Cell(service.Active.ToText(), Names.ColorOf(service.Active)),
                Slot(service.Slots.Blue),
                Slot(service.Slots.Green),
                $"{service.Slots.Blue.InFlight.Total}/{service.Slots.Green.InFlight.Total}",
                service.Release is { } release ? new Cell(Clean.Line($"{release.Id} {Short(release.Status)}"), Color.Yellow) : "-");
        }

        return table;
    }

    /// <summary>What somebody should know who looks at the services.</summary>
    public static List<string> Warnings(IEnumerable<ServiceStatus> services) =>
        [.. services.Where(service => service.StandbyUse.Warning is not null).Select(service => $"{service.Name}: {service.StandbyUse.Warning}")];

    private static Cell Slot(SlotStatus slot) =>
        new(Clean.Line($"{(slot.Health == HealthState.Unhealthy ? "UNHEALTHY" : Names.Of(slot.Health))} {slot.Version ?? "-"}"), Names.ColorOf(slot.Health));

    private static string Short(ReleaseStatus status) => status == ReleaseStatus.AwaitingApproval ? "approval" : Names.Of(status);
}
