using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>Recognizes mirrored requests. Any other request costs a look at its headers.</summary>
internal sealed partial class MirrorMiddleware
{
    public const string Header = "X-BlueGreen-Mirror";

    private static readonly KeyValuePair<string, object>[] Scope = [new("Mirrored", true)];

    private readonly RequestDelegate _next;
    private readonly MirrorFlow _flow;
    private readonly TimeProvider _time;
    private readonly ILogger<MirrorMiddleware> _logger;
    private readonly MirrorMarkVerifier? _verifier;
    private int _isWarned;

    public MirrorMiddleware(RequestDelegate next, MirrorFlow flow, IOptions<BlueGreenMirroringOptions> options, TimeProvider time, ILogger<MirrorMiddleware> logger)
    {
        (_next, _flow, _time, _logger) = (next, flow, time, logger);
        _verifier = options.Value.Keys.Count == 0 ? null : new MirrorMarkVerifier(options.Value.Service!, options.Value.Keys);
    }

    public Task InvokeAsync(HttpContext context) => context.Request.Headers.TryGetValue(Header, out var marks) && IsMirrored(marks) ? InvokeMirroredAsync(context) : _next(context);

    // Asynchronous also for the sake of the flow, which ends with this method: the server uses its own flow for the connection's next request.
    private async Task InvokeMirroredAsync(HttpContext context)
    {
        var flow = _flow.Begin();
        try
        {
            using (_logger.BeginScope(Scope))
            {
                await _next(context);
            }
        }
        finally
        {
            flow.End(_time);
        }
    }

    // One value: the gateway sends one, and who sends another one beside it is not the gateway.
    private bool IsMirrored(Microsoft.Extensions.Primitives.StringValues marks)
    {
        if (_verifier is not null && marks is [{ } mark] && _verifier.IsValid(mark))
        {
            return true;
        }

        // Once: anybody can send the header, as often as they like.
        if (Interlocked.Exchange(ref _isWarned, 1) == 0)
        {
            if (_verifier is null)
            {
                LogNoKey(_logger, Header);
            }
            else
            {
                LogNotValid(_logger, Header);
            }
        }

        return false;
    }

    [LoggerMessage(10, LogLevel.Warning, "A request carries {Header}, and no key is configured to verify it: it is treated as any other request, and everything that it does is done. If this API is mirrored, set BlueGreen:Mirroring:Service and :Keys here, and BlueGreen:Mirroring:Key in the gateway. This is logged once.")]
    private static partial void LogNoKey(ILogger logger, string header);

    [LoggerMessage(11, LogLevel.Warning, "A request carries {Header}, and the gateway has not signed it for this service with one of the configured keys: it is treated as any other request, and everything that it does is done. If it came through the gateway, compare BlueGreen:Mirroring:Service and :Keys with the gateway's; if not, somebody has forged it. This is logged once.")]
    private static partial void LogNotValid(ILogger logger, string header);
}
