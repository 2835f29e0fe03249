namespace BlueGreen.Contracts;

/// <summary>The <c>code</c> of a problem; its <c>type</c> is <c>/problems/</c> and the code.</summary>
public static class ProblemCodes
{
    /// <summary>400: the request can't be understood; every bad field is named.</summary>
    public const string InvalidRequest = "invalid-request";

    /// <summary>401: a token is needed, or this one is not known.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>403: the token's role does not allow this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>404: there is no such service.</summary>
    public const string UnknownService = "unknown-service";

    /// <summary>404: there is no such release.</summary>
    public const string UnknownRelease = "unknown-release";

    /// <summary>404: the service has no such preview token, or no longer.</summary>
    public const string UnknownPreviewToken = "unknown-preview-token";

    /// <summary>404: there is no such call.</summary>
    public const string NotFound = "not-found";

    /// <summary>405: the call does not know the method.</summary>
    public const string MethodNotAllowed = "method-not-allowed";

    /// <summary>409: another release of one of the services runs.</summary>
    public const string ReleaseInProgress = "release-in-progress";

    /// <summary>409: the slot takes or drains traffic.</summary>
    public const string SlotActive = "slot-active";

    /// <summary>409: a bake that may roll back to the slot is undecided.</summary>
    public const string SlotRetained = "slot-retained";

    /// <summary>409: somebody holds the service by hand.</summary>
    public const string ServiceHeld = "service-held";

    /// <summary>409: the file that holds the key of the mirrors' marks can't be used.</summary>
    public const string MirrorKeyUnreadable = "mirror-key-unreadable";

    /// <summary>409: there is no slot that was active before, or something else was deployed there since.</summary>
    public const string NothingToRollBack = "nothing-to-roll-back";

    /// <summary>409: the release's status does not allow this.</summary>
    public const string WrongStatus = "wrong-status";

    /// <summary>409: the release ended before it got as far as the caller waited for.</summary>
    public const string ReleaseEnded = "release-ended";

    /// <summary>409: YARP has refused the configuration; the one before goes on.</summary>
    public const string ConfigurationRefused = "configuration-refused";

    /// <summary>409: the deployment of this idempotency key was made, and the slot holds something else by now.</summary>
    public const string DeploymentReplaced = "deployment-replaced";

    /// <summary>409: the service has as many preview tokens as there may be.</summary>
    public const string TooManyPreviewTokens = "too-many-preview-tokens";

    /// <summary>409: the preview token of this idempotency key was revoked or has expired since.</summary>
    public const string PreviewTokenGone = "preview-token-gone";

    /// <summary>412: the service has changed since the caller looked.</summary>
    public const string StaleGeneration = "stale-generation";

    /// <summary>413: the body is too large.</summary>
    public const string BodyTooLarge = "body-too-large";

    /// <summary>414: the path with its query is too long.</summary>
    public const string UrlTooLong = "url-too-long";

    /// <summary>415: the body is not JSON.</summary>
    public const string UnsupportedMediaType = "unsupported-media-type";

    /// <summary>422: a gate failed; nothing was switched.</summary>
    public const string GateFailed = "gate-failed";

    /// <summary>422: the idempotency key was used for another request.</summary>
    public const string IdempotencyMismatch = "idempotency-mismatch";

    /// <summary>429: authentication has failed too often from this address; <c>Retry-After</c> says for how long.</summary>
    public const string TooManyRequests = "too-many-requests";

    /// <summary>503: there are as many event streams as there may be; <c>Retry-After</c> says when to try again.</summary>
    public const string TooManyStreams = "too-many-streams";

    /// <summary>500: a defect of the gateway.</summary>
    public const string InternalError = "internal-error";

    /// <summary>503: the change could not be stored; nothing has changed.</summary>
    public const string StateUnavailable = "state-unavailable";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        InvalidRequest,
        Unauthorized,
        Forbidden,
        UnknownService,
        UnknownRelease,
        UnknownPreviewToken,
        NotFound,
        MethodNotAllowed,
        ReleaseInProgress,
        SlotActive,
        SlotRetained,
        ServiceHeld,
        MirrorKeyUnreadable,
        NothingToRollBack,
        WrongStatus,
        ReleaseEnded,
        ConfigurationRefused,
        DeploymentReplaced,
        TooManyPreviewTokens,
        PreviewTokenGone,
        StaleGeneration,
        BodyTooLarge,
        UrlTooLong,
        UnsupportedMediaType,
        GateFailed,
        IdempotencyMismatch,
        TooManyRequests,
        TooManyStreams,
        InternalError,
        StateUnavailable,
    ];
}
