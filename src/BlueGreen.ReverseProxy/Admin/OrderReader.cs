using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads what a cutover or rollback asks for. Pure: what is wrong is collected in the request, not answered.</summary>
internal static class OrderReader
{
    public const int MaxReasonLength = 1000;
    public const int MaxVersionLength = 100;
    public const double LongestBake = 7 * 24 * 3600;
    public const double LongestDrain = 24 * 3600;

    private const int MaxIdLength = 100;

    public static ReleaseOrder ReadCutover(AdminRequest request, IReadOnlyCollection<Service> services, Caller caller)
    {
        var hold = HoldReader.ReadPlan(request.Body, services);
        var shift = ShiftReader.Read(request, services, isHeld: hold is not null);
        return WithPreconditions(request, Read(request, services, caller) with { Hold = hold, Shift = shift });
    }

    private static ReleaseOrder Read(AdminRequest request, IReadOnlyCollection<Service> services, Caller caller) => new()
    {
        Kind = ReleaseKind.Cutover,
        Caller = caller,
        Services = [.. services.Select(entry => entry.Name)],
        To = request.Body.Slot("to"),
        Reason = request.Body.Text("reason", MaxReasonLength),
        ExpectVersion = request.Body.NonBlankText("expectVersion", MaxVersionLength),
        Force = request.Body.Boolean("force") ?? false,
        BakeSeconds = request.Body.Number("bakeSeconds", 0, LongestBake) ?? Longest(services, entry => entry.Options.Bake.Duration),
        DrainSeconds = request.Body.Number("drainSeconds", 0, LongestDrain) ?? Longest(services, entry => entry.Options.DrainTimeout),
        RetryKnownBad = request.Body.Boolean("retryKnownBad") ?? false,
        RequireApproval = request.Body.Boolean("requireApproval") ?? false,
        MirrorGate = ReadGates(request.Body.Object("gates")),
    };

    private static MirrorGateState? ReadGates(BodyReader? gates)
    {
        var mirror = gates?.Object("mirror");
        gates?.RejectUnknown();
        if (mirror is null)
        {
            return null;
        }

        var defaults = new MirrorGateOptions();
        var gate = new MirrorGateState(
            mirror.WholeNumber("minRequests", 1, MirrorRules.MostGateRequests, "a whole number") ?? defaults.MinRequests,
            mirror.Number("maxDifference", 0, 1, "a share") ?? defaults.MaxDifference);
        mirror.RejectUnknown();
        return gate;
    }

    /// <summary>Reads a rollback. What it goes back to was good before, so nothing is watched, and the next release need not wait.</summary>
    public static ReleaseOrder ReadRollback(AdminRequest request, IReadOnlyCollection<Service> services, Caller caller) => WithPreconditions(request, new()
    {
        Kind = ReleaseKind.Rollback,
        Caller = caller,
        Services = [.. services.Select(entry => entry.Name)],
        Reason = request.Body.Text("reason", MaxReasonLength),
        Force = request.Body.Boolean("force") ?? false,
        BakeSeconds = 0,
        DrainSeconds = Longest(services, entry => entry.Options.DrainTimeout),
    });

    /// <summary>The names in <c>services</c> of a cutover of several.</summary>
    public static IReadOnlyList<string> ReadServices(AdminRequest request) => request.Body.TextList("services");

    /// <summary>The id in <c>release</c> of a rollback of a release; null when it is missing or no text.</summary>
    public static string? ReadRelease(AdminRequest request)
    {
        if (request.Body.Text("release", MaxIdLength) is { } id)
        {
            return id;
        }

        request.Body.Fail("release", "is missing: the id of the release to take back");
        return null;
    }

    private static ReleaseOrder WithPreconditions(AdminRequest request, ReleaseOrder order)
    {
        var idempotency = request.Idempotency();
        order = order with { IfMatch = request.IfMatch(), IdempotencyKey = idempotency?.Key, RequestHash = idempotency?.Hash };
        if (order.IfMatch is not null && order.Services.Length > 1)
        {
            request.Body.Fail("If-Match", "names the generation of one service, and the release has several");
        }

        return order;
    }

    private static double Longest(IReadOnlyCollection<Service> services, Func<Service, TimeSpan> duration) =>
        services.Select(entry => duration(entry).TotalSeconds).DefaultIfEmpty().Max();
}
