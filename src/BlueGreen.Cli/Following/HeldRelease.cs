using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>A release whose bake is held: it goes on when somebody has decided, or when the old slot is well again.</summary>
internal static class HeldRelease
{
    private const string SharedOutage = "sharedOutage";
    private const string NoWayBack = "noWayBack";

    public static bool Is(Release release) => release.Bake.Hold is not null && !release.Status.IsEnded();

    /// <summary><c>held (failed): orders: 5 of 240 responses failed on green; it waits for somebody who finishes the release or rolls it back</c>.</summary>
    public static string Describe(Release release) =>
        $"held ({release.Bake.Hold}){(release.Bake.Detail is { } detail ? $": {detail}" : "")}; it waits for {WaitsFor(release)}";

    /// <summary>For whom or what it waits.</summary>
    public static string WaitsFor(Release release) => release.Bake.WaitsFor ?? (release.Bake.Hold == SharedOutage ? "the old slot to be healthy again" : "somebody who decides");

    /// <summary>The commands that decide.</summary>
    public static string WhatNow(Release release) => release switch
    {
        { Status: ReleaseStatus.Shifting, Id: var id } => $"Let it go on: bluegreen resume {id}. Take it back: bluegreen abort {id}",
        { Bake.Hold: NoWayBack, Id: var id } => $"Keep the new version: bluegreen finish {id}",
        { Id: var id } => $"Keep the new version: bluegreen finish {id}. Take it back: bluegreen rollback --release {id}",
    };

    /// <summary>What it is to a command that waits for more.</summary>
    public static CommandFailure ToFailure(ReleaseSnapshot snapshot, WaitFor wait) => CommandFailure.Of(
        ExitCodes.Held,
        "release-held",
        "The release is held",
        $"Release {snapshot.Id} is {Describe(snapshot.Release)}. It is not {Names.Of(wait)}.",
        WhatNow(snapshot.Release),
        ("releaseId", snapshot.Id),
        ("release", snapshot.Raw.DeepClone()));
}
