using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Output;

/// <summary>All services, a line each; cut to 80 columns where the terminal has no more.</summary>
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
                service.Release is { } release ? new Cell(Clean.Line($"{release.Id} {Short(release)}"), Color.Yellow) : "-");
        }

        return table;
    }

    /// <summary>Warnings shown with the service status.</summary>
    public static List<string> Warnings(IEnumerable<ServiceStatus> services) =>
    [
        .. services.SelectMany(service => service.Warnings.Append(service.StandbyUse.Warning).OfType<string>().Select(warning => $"{service.Name}: {warning}")),
    ];

    private static Cell Slot(SlotStatus slot) =>
        new(Clean.Line($"{(slot.Health == HealthState.Unhealthy ? "UNHEALTHY" : Names.Of(slot.Health))} {slot.Version ?? "-"}"), Names.ColorOf(slot.Health));

    private static string Short(Release release) => release.Status == ReleaseStatus.AwaitingApproval ? "approval" : ShiftLines.Status(release);
}
