using BlueGreen.Contracts;

namespace BlueGreen.Cli.Client;

/// <summary>
/// Whether a record has what it is known by. JSON of another API can be read as any record, with nothing in it; JSON of a gateway of
/// another version may lack a field or two.
/// </summary>
internal static class AnswerShape
{
    public static bool IsKnown(object? record) => record switch
    {
        ServiceStatus status => status is { Name: not null, Slots: { Blue.Destinations: not null, Green.Destinations: not null }, Warnings: not null, StandbyUse: not null },
        Release release => release is { Id: not null, Services: not null, Gates: not null, Events: not null, Bake.Services: not null },
        ReleaseTimeline timeline => timeline is { Release: not null, Steps: not null, Weights: not null, Evidence: not null, Services: not null }
            && timeline.Services.All(service => service is { Name: not null, Curves: not null } && service.Curves.All(curve => curve is { Metric: not null, Stage: not null, Points: not null })),
        MirrorStatus mirror => mirror is { Service: not null } and ({ Newest: null } or { Newest: { Methods: not null, Routes: not null, Differences: not null, Skipped: not null, Warnings: not null } }),
        Preflight preflight => preflight is { Service: not null, Gates: not null },
        NothingToDo nothing => nothing.Services is not null,
        AuditEntry entry => entry is { Actor: not null, Action: not null, Services: not null },
        IEnumerable<object> list => list.All(IsKnown),
        null => false,
        _ => true,
    };
}
