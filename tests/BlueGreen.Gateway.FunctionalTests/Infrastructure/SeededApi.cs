using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Two versions of an API that differ at known places, with what is random in both.</summary>
internal static class SeededApi
{
    /// <summary>The routes; one request in a hundred is for <see cref="RareRoute"/>.</summary>
    public static IReadOnlyList<string> Routes { get; } = ["order", "status", "currency", "type", "coding", "charset", "text", "head", "error", "same"];

    public const string RareRoute = "rare";

    /// <summary>What the newer version does differently: the difference, the route, and the places by which it is named.</summary>
    public static IReadOnlyList<(string What, string Route, string[] Paths)> Differences { get; } =
    [
        ("field missing", "order", ["$.note"]),
        ("field added", "order", ["$.debug"]),
        ("another type", "order", ["$.size"]),
        ("rounding", "order", ["$.total"]),
        ("null instead of no field", "order", ["$.coupon"]),
        ("order of an ordered list", "order", ["$.steps[*]"]),
        ("element missing in a list", "order", ["$.items.length"]),
        ("case of a text", "order", ["$.name"]),
        ("format of a date", "order", ["$.created"]),
        ("field of a nested object", "order", ["$.address.city"]),
        ("text instead of a number", "order", ["$.count"]),
        ("boolean", "order", ["$.paid"]),
        ("null instead of an empty list", "order", ["$.refunds"]),
        ("status", "status", ["status"]),
        ("header field", "currency", ["header:x-currency"]),
        ("content type", "type", ["header:content-type"]),
        ("charset", "charset", ["body", "header:content-type"]),
        ("text body", "text", ["body"]),
        ("header field of HEAD", "head", ["header:x-count"]),
        ("body of an error", "error", ["$.title"]),
        ("route of 1 % of the requests", RareRoute, ["$.total"]),
    ];

    /// <summary>What differs between any two answers of the same version.</summary>
    public static IReadOnlyList<(string Route, string Path)> Noise { get; } =
    [
        .. from route in new[] { "order", "same", RareRoute } from path in new[] { "$.at", "$.trace.id", "$.related[*]" } select (route, path),
        ("error", "$.traceId"),
    ];

    /// <summary>The header fields that are compared.</summary>
    public static string[] Headers => ["content-type", "x-currency", "x-count"];

    /// <summary>The lists whose order means nothing.</summary>
    public static string[] Sets => ["$.tags"];

    /// <summary>Answers as the older or as the newer version.</summary>
    public static async Task<bool> AnswerAsync(HttpContext context, bool isNew)
    {
        var response = context.Response;
        switch (context.Request.Path.Value!.Split('/')[1])
        {
            case "order":
                await JsonAsync(response, isNew ? NewOrder() : OldOrder());
                break;
            case "status":
                response.StatusCode = isNew ? 202 : 200;
                break;
            case "currency":
                response.Headers["x-currency"] = isNew ? "eur" : "EUR";
                break;
            case "type":
                await JsonAsync(response, """{"id":1}""", isNew ? "text/json" : "application/json");
                break;
            case "coding":
                await CompressAsync(response, isNew);
                break;
            case "charset":
                response.ContentType = isNew ? "text/plain; charset=iso-8859-1" : "text/plain; charset=utf-8";
                await response.Body.WriteAsync((isNew ? Encoding.Latin1 : Encoding.UTF8).GetBytes("Grüße"));
                break;
            case "text":
                response.ContentType = "text/plain";
                await response.WriteAsync(isNew ? "Thank you." : "Thank you!");
                break;
            case "head":
                response.Headers["x-count"] = isNew ? "11" : "12";
                break;
            case "error":
                response.StatusCode = 404;
                await JsonAsync(response, $$"""{"title":"{{(isNew ? "Not Found" : "There is no such order")}}","status":404,"traceId":"{{Random()}}"}""", "application/problem+json");
                break;
            case "same":
                await JsonAsync(response, $$"""{"id":1,{{RandomFields()}}}""");
                break;
            default:
                await JsonAsync(response, $$"""{"total":{{(isNew ? "12.5" : "12.50001")}},{{RandomFields()}}}""");
                break;
        }

        return true;
    }

    private static string OldOrder() => $$"""
        {"id":1,"note":"fragile","size":{"cm":12},"total":9.99,"steps":["packed","sent"],"items":["a","b","c"],"name":"Anna","created":"2026-01-02T03:04:05Z",
         "address":{"street":"Main Street 1","city":"Berlin"},"count":3,"paid":true,"refunds":[],{{RandomFields()}}}
        """;

    // What changes nothing is changed too: white space, the order of fields, escapes, the way to write a number.
    private static string NewOrder() => $$"""
        { "created": "02.01.2026 03:04:05", "debug": true, "size": "12 cm", "total": 10.0, "steps": [ "sent", "packed" ], "items": [ "a", "b" ], "name": "ANNA",
          "address": { "city": "Hamburg", "street": "Main\u0020Street 1" }, "coupon": null, "count": "3", "paid": false, "refunds": null, "id": 1.0, {{RandomFields()}} }
        """;

    // A list of twenty in any order: that two answers have the same one has a probability of 4e-19. So no run of the test depends on a draw.
    private static string RandomFields()
    {
        var (related, tags) = (Enumerable.Range(0, 20).ToArray(), Enumerable.Range(0, 20).ToArray());
        System.Random.Shared.Shuffle(related);
        System.Random.Shared.Shuffle(tags);
        return $$"""
            "at":"{{DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture)}}{{Random()}}","trace":{"id":"{{Random()}}"},"related":[{{string.Join(',', related)}}],"tags":[{{string.Join(',', tags)}}]
            """;
    }

    private static string Random() => Guid.NewGuid().ToString("N");

    private static Task JsonAsync(HttpResponse response, string json, string type = "application/json")
    {
        response.ContentType = type;
        return response.WriteAsync(json);
    }

    // The same text, compressed differently: no difference.
    private static async Task CompressAsync(HttpResponse response, bool isNew)
    {
        response.ContentType = "application/json";
        response.Headers.ContentEncoding = isNew ? "br" : "gzip";
        using var encoded = new MemoryStream();
        await using (Stream encoder = isNew ? new BrotliStream(encoded, CompressionLevel.SmallestSize, leaveOpen: true) : new GZipStream(encoded, CompressionLevel.Fastest, leaveOpen: true))
        {
            await encoder.WriteAsync(Encoding.UTF8.GetBytes($$"""{"text":"{{new string('a', 2000)}}"}"""));
        }

        await response.Body.WriteAsync(encoded.ToArray());
    }
}
