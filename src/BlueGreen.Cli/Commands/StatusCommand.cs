using System.CommandLine;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time, "Only this service, with its destinations. Default: all services.");
        var command = new Command("status", "How it stands: who is active, healthy, in flight, and which release runs.");
        command.Arguments.Add(service);
        return command.Does(time, (session, cancellationToken) => RunAsync(session, session.Get(service), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string? service, CancellationToken cancellationToken)
    {
        var answer = await session.Client.GetAsync(service is null ? ApiPath.Services : ApiPath.Service(service), cancellationToken);

        // Read also where it is passed on as it is: another server's JSON is no status.
        if (service is not null)
        {
            var one = answer.Read(ContractsJson.Default.ServiceStatus);
            if (!session.IsJson)
            {
                Print(session, one, answer.At);
            }
        }
        else
        {
            var all = answer.Read(ContractsJson.Default.IReadOnlyListServiceStatus);
            if (!session.IsJson)
            {
                session.Print(ServiceTable.Of(all));
                ServiceTable.Warnings(all).ForEach(session.Line);
                foreach (var known in all)
                {
                    if (Previews(known) is { } previews)
                    {
                        session.Line($"{known.Name}: previews: {previews}.");
                    }
                }
            }
        }

        if (session.IsJson)
        {
            session.Json(answer.Json);
        }

        return ExitCodes.Done;
    }

    private static void Print(Session session, ServiceStatus service, DateTimeOffset now)
    {
        session.Line($"{service.Name}: {service.Active.ToText()} is active, generation {service.Generation}");
        session.Line(service.RollbackTo is { } back ? $"A rollback goes to {back.ToText()}." : "There is nothing to roll back.");
        if (service.Maintenance is { } maintenance)
        {
            session.Line($"In maintenance since {maintenance.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {maintenance.Actor}: {maintenance.Message ?? "no message"} (retry after {maintenance.RetryAfter} s).");
        }

        if (service.Hold is { } hold)
        {
            session.Line($"Held since {hold.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {hold.Actor}: {Names.Plural(hold.Waiting, "request")} of at most {hold.MaxRequests} waiting, the longest for {hold.LongestWaitMs / 1000:0.0} s; {(hold.Idle ? "nothing is in flight" : "requests are still in flight")}.");
        }

        if (Previews(service) is { } previews)
        {
            session.Line($"Previews: {previews}.");
        }

        if (service.Release is { } release)
        {
            session.Line($"Release {release.Id} by {release.Actor} is {ShiftLines.Status(release)}: {Names.Switches(release)}.");
            if (HeldRelease.Is(release))
            {
                session.Line($"It waits for {HeldRelease.WaitsFor(release)}{(release.Bake.Detail is { } found ? $": {found}" : "")}. {HeldRelease.WhatNow(release)}");
            }

            PrintShift(session, release, now);
        }

        foreach (var slot in SlotNames.All)
        {
            var status = service.Slots.Of(slot);
            session.Line("");
            session.Line($"{slot.ToText()}{(slot == service.Active ? " (active)" : "")}: {status.Version ?? "no version"}, {Names.Of(status.Health)}, in flight {Names.Kinds(status.InFlight)}");
            foreach (var destination in status.Destinations)
            {
                session.Line($"  {destination.Id}  {destination.Address}  {Names.Of(destination.Health)}{Why(destination.LastProbe)}");
            }
        }

        if (ServiceTable.Warnings([service]) is { Count: > 0 } warnings)
        {
            session.Line("");
            warnings.ForEach(session.Line);
        }
    }

    private static void PrintShift(Session session, Release release, DateTimeOffset now)
    {
        if (release.Bake.Comparison is { } comparison)
        {
            session.Line($"Both slots serve and are compared: {BakeLines.Of(comparison, release, now)}.");
        }

        if (release is { Status: ReleaseStatus.Reverting, Shift.Reversal: { } reversal })
        {
            session.Line($"Shift: {ShiftLines.Reverting(release, reversal)}.");
        }

        if (release is not { Status: ReleaseStatus.Shifting, Shift: { } shift })
        {
            return;
        }

        session.Line($"Shift: {ShiftLines.Where(release, shift, now)}; key: {shift.Key}.");
        if (shift.WaitingFor is { } waitingFor)
        {
            session.Line($"  waits: {waitingFor}");
        }

        foreach (var service in shift.Services)
        {
            var slots = ShiftLines.SlotsOf(release, service);
            session.Line($"  {ShiftLines.Reached(service, slots)}; {ShiftLines.Evidence(service, slots)}");
        }
    }

    // Null where nobody can see a preview, so that what is usual stays short. A host may show one without a token.
    private static string? Previews(ServiceStatus service) =>
        service.PreviewTokens == 0 && SlotNames.All.All(slot => service.Slots.Of(slot).InFlight.Preview == 0)
            ? null
            : $"live tokens: {service.PreviewTokens}; in flight: {string.Join(", ", SlotNames.All.Select(slot => $"{service.Slots.Of(slot).InFlight.Preview} on {slot.ToText()}"))}";

    private static string Why(ProbeStatus? probe) => probe switch
    {
        null => "  not probed yet",
        { Passed: false } => $"  {probe.Reason}",
        _ => $"  {probe.Report?.Version}".TrimEnd(),
    };
}
