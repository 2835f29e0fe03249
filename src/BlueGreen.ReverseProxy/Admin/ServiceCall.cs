using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>A call that changes something about one service by hand, and is answered with the service's status.</summary>
internal static class ServiceCall
{
    /// <summary>Takes one.</summary>
    /// <param name="context">The call.</param>
    /// <param name="services">The services that are configured.</param>
    /// <param name="views">The answer.</param>
    /// <param name="service">The name in the path.</param>
    /// <param name="read">Reads what is wanted from the body; null to end it.</param>
    /// <param name="set">Does it, or says why not.</param>
    /// <param name="takesReason">Whether a reason may be given for what is wanted.</param>
    public static async Task<IResult> TakeAsync<TWanted>(
        HttpContext context,
        ServiceCatalog services,
        StatusViews views,
        string service,
        Func<BodyReader, Service, TWanted?> read,
        Func<Service, TWanted?, ServiceOrder, CancellationToken, Task<Refusal?>> set,
        Func<TWanted?, bool> takesReason)
        where TWanted : class
    {
        if (!services.TryGet(service, out var entry))
        {
            return Problems.UnknownService(services, service);
        }

        var (request, problem) = await AdminBody.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        var wanted = read(request.Body, entry);
        var reason = takesReason(wanted) ? request.Body.Text("reason", OrderReader.MaxReasonLength) : null;
        var ifMatch = request.IfMatch();
        var idempotency = request.Idempotency();
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var order = new ServiceOrder(AdminAuthentication.CallerOf(context), reason, ifMatch, idempotency?.Key, idempotency?.Hash);
        var refusal = await set(entry, wanted, order, context.RequestAborted);
        return refusal is null ? ServiceEndpoints.Answer(context, views.Of(entry)) : Problems.Of(refusal);
    }
}
