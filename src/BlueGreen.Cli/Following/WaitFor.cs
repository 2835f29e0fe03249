using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>How far a command waits: the admin API's <c>until</c>.</summary>
internal enum WaitFor
{
    /// <summary>The first requests go to the new slot.</summary>
    Shifting = 0,

    /// <summary>New requests go to the new slot.</summary>
    Switched = 1,

    /// <summary>Nothing is in flight on the old slot any more.</summary>
    Drained = 2,

    /// <summary>The release has ended.</summary>
    Completed = 3,
}

/// <summary>What can be asked of a <see cref="WaitFor"/>.</summary>
internal static class Waiting
{
    // A shift that is taken back has drained the new slot at its end, which is no drain of the old one.
    public static bool IsReached(this WaitFor wait, Release release) => release.Status.IsEnded() || wait switch
    {
        WaitFor.Shifting => release.SwitchedAt is not null || release.Status == ReleaseStatus.Shifting,
        WaitFor.Switched => release.SwitchedAt is not null,
        WaitFor.Drained => release is { SwitchedAt: not null, DrainedAt: not null },
        _ => false,
    };
}
