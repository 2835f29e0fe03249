using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.AspNetCore.Health;

/// <summary>Answers one probe.</summary>
internal sealed class DeepHealthEndpoint(DeepHealthProbe probe, BlueGreenApiOptions options)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var report = await probe.RunAsync(context.RequestAborted);
        var body = JsonSerializer.SerializeToUtf8Bytes(report, DeepHealthJson.Default.DeepHealthReport);

        var response = context.Response;
        response.StatusCode = options.ResultStatusCodes[report.Status];
        response.ContentType = MediaTypeNames.Application.Json;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
