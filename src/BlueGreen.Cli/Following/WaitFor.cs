using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>How far a command waits: the admin API's <c>until</c>.</summary>
internal enum WaitFor
{
    /// <summary>New requests go to the new slot.</summary>
    Switched = 0,

    /// <summary>Nothing is in flight on the old slot any more.</summary>
    Drained = 1,

    /// <summary>The release has ended.</summary>
    Completed = 2,
}

/// <summary>What can be asked of a <see cref="WaitFor"/>.</summary>
internal static class Waiting
{
    public static bool IsReached(this WaitFor wait, Release release) => release.Status.IsEnded() || wait switch
    {
        WaitFor.Switched => release.SwitchedAt is not null,
        WaitFor.Drained => release.DrainedAt is not null,
        _ => false,
    };
}
