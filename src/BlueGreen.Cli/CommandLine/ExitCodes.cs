using BlueGreen.Contracts;

namespace BlueGreen.Cli.CommandLine;

/// <summary>What the exit code of <c>bluegreen</c> says; scripts depend on every one of them.</summary>
internal static class ExitCodes
{
    /// <summary>Done, or nothing had to be done.</summary>
    public const int Done = 0;

    /// <summary>A defect, of the gateway or of this program, or something that it does not know.</summary>
    public const int Unexpected = 1;

    /// <summary>A gate failed; nothing was switched.</summary>
    public const int Rejected = 2;

    /// <summary>The release was switched and is rolled back.</summary>
    public const int RolledBack = 3;

    /// <summary>Not there when the waiting ended; what was started goes on.</summary>
    public const int TimedOut = 4;

    /// <summary>Something else is going on, or has changed what the caller had seen.</summary>
    public const int Conflict = 5;

    /// <summary>The token or the client certificate is not known, or its role does not allow this.</summary>
    public const int NotAllowed = 6;

    /// <summary>There is no gateway at the URL, or it has gone.</summary>
    public const int NotReachable = 7;

    /// <summary>The release is held: it waits for somebody, or for an outage to end.</summary>
    public const int Held = 8;

    /// <summary>What was asked for makes no sense: EX_USAGE of sysexits.h.</summary>
    public const int Usage = 64;

    /// <summary>The exit code for a problem of the admin API.</summary>
    public static int Of(string? code, int status) => code switch
    {
        ProblemCodes.GateFailed => Rejected,
        ProblemCodes.Unauthorized or ProblemCodes.Forbidden => NotAllowed,
        ProblemCodes.InvalidRequest or ProblemCodes.UnknownService or ProblemCodes.UnknownRelease or ProblemCodes.UnknownPreviewToken => Usage,
        ProblemCodes.IdempotencyMismatch => Conflict,
        _ when status is 401 or 403 => NotAllowed,
        _ when status is 409 or 412 => Conflict,
        _ => Unexpected,
    };

    /// <summary>The exit code for a release that has ended.</summary>
    public static int Of(ReleaseStatus status) => status switch
    {
        ReleaseStatus.Succeeded => Done,
        ReleaseStatus.Rejected => Rejected,
        ReleaseStatus.RolledBack => RolledBack,
        ReleaseStatus.Aborted => Conflict,
        _ => Unexpected,
    };
}
