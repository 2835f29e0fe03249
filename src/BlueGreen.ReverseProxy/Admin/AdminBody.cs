using System.Text.Json;
using BlueGreen.Contracts;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads the body of a call, which is JSON or empty.</summary>
internal static class AdminBody
{
    /// <summary>The largest body that is read, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int MaxDepth = 16;

    /// <summary>Reads the body, or says why it can't be.</summary>
    public static async Task<(AdminRequest? Request, IResult? Problem)> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength > MaxBytes)
        {
            return (null, TooLarge());
        }

        var buffer = new byte[MaxBytes + 1];
        int length;
        try
        {
            length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        }
        catch (BadHttpRequestException exception)
        {
            return (null, exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge()
                : Problems.Invalid("body", exception.Message));
        }

        if (length > MaxBytes)
        {
            return (null, TooLarge());
        }

        UnreadBodies.IsRead(context);

        // What a page of another origin can send without asking first is a form or plain text, and an empty one is one too.
        if (length == 0 && request.ContentType is null)
        {
            return (new AdminRequest(request), null);
        }

        if (!request.HasJsonContentType())
        {
            return (null, Problems.Of(
                ProblemCodes.UnsupportedMediaType,
                $"The body's Content-Type is {request.ContentType ?? "missing"}; send application/json."));
        }

        // Nothing is inflated: a few bytes could become more than there is memory.
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            return (null, Problems.Of(
                ProblemCodes.UnsupportedMediaType,
                $"The body's Content-Encoding is {encoding}; send it as it is."));
        }

        if (length == 0)
        {
            return (new AdminRequest(request), null);
        }

        try
        {
            using var document = JsonDocument.Parse(
                buffer.AsMemory(0, length),
                new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            ReadTexts(document.RootElement);
            return (new AdminRequest(request, document.RootElement.Clone()), null);
        }
        catch (InvalidOperationException)
        {
            // JSON by its form, with a name or text that is no Unicode: "\ud800" alone, or bytes that are no UTF-8.
            return (null, Problems.Invalid("body", "contains text that is not valid Unicode"));
        }
        catch (JsonException exception)
        {
            return (null, Problems.Invalid("body", $"is not JSON: {exception.Message}"));
        }
    }

    // The parser takes texts as they are; whoever reads one that is no Unicode gets an exception, so all are read here.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
        }
    }

    private static IResult TooLarge() => Problems.Of(ProblemCodes.BodyTooLarge, $"The body may have at most {MaxBytes} bytes.");
}
