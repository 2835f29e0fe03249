using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.Benchmarks.Hosts;

/// <summary>The API behind both slots: two listeners, one small JSON document, and the deep health report.</summary>
internal static class ApiHost
{
    public const string Role = "run-api";

    private static readonly byte[] Order = """{"id":1042,"state":"shipped","items":[{"sku":"A-17","count":2}],"total":59.8}"""u8.ToArray();
    private static readonly byte[] Report = """{"status":"healthy","version":"1.0.0","checks":{"database":true}}"""u8.ToArray();

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(AnswerAsync);
        await app.StartAsync();
        Console.WriteLine(string.Join(' ', app.Urls));
        await EndOfInputAsync();
        return 0;
    }

    /// <summary>The one who measures has closed the input, or has died: nothing is left to do.</summary>
    public static async Task EndOfInputAsync()
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.Path == "/health" ? Report : Order;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body);
    }
}
