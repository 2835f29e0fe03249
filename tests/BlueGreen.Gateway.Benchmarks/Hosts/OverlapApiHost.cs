using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.Benchmarks.Hosts;

/// <summary>
/// The API behind both slots, in one process and so on one clock: writes down from when to when each request was served, and by which slot.
/// </summary>
internal static class OverlapApiHost
{
    public const string Role = "run-overlap-api";

    /// <summary>The question how often both slots have served at the same moment. Answered with: requests, overlaps, shortest gap in microseconds.</summary>
    public const string Report = "report";

    private const int MostMilliseconds = 8;

    private static readonly byte[] Health = """{"status":"healthy","version":"1.0.0","checks":{"database":true}}"""u8.ToArray();
    private static readonly byte[] Order = """{"id":1042,"state":"shipped"}"""u8.ToArray();
    private static readonly ConcurrentQueue<Served> All = [];

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Urls.Add("http://127.0.0.1:0");
        var ports = new[] { 0, 0 };
        app.Run(context => AnswerAsync(context, context.Connection.LocalPort == ports[0]));
        await app.StartAsync();
        ports = [.. app.Urls.Select(url => new Uri(url).Port)];
        Console.WriteLine(string.Join(' ', app.Urls));
        while (await Console.In.ReadLineAsync() is { } question)
        {
            Console.WriteLine(question == Report ? Judge() : throw new InvalidOperationException($"'{question}' is no question to an API."));
        }

        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, bool isBlue)
    {
        var body = Health;
        if (context.Request.Path != "/health")
        {
            var begun = Stopwatch.GetTimestamp();
            body = Order;
            await context.Request.Body.CopyToAsync(Stream.Null);
            await Task.Delay(Random.Shared.Next(MostMilliseconds));

            // All that the API does for the request is done; what follows is its answer's way back.
            All.Enqueue(new Served(isBlue, begun, Stopwatch.GetTimestamp()));
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body);
    }

    private static string Judge()
    {
        var sorted = All.OrderBy(served => served.Begun).ToList();
        var (blueUntil, greenUntil, overlaps, gap) = (long.MinValue, long.MinValue, 0, long.MaxValue);
        foreach (var served in sorted)
        {
            var other = served.IsBlue ? greenUntil : blueUntil;
            if (other != long.MinValue)
            {
                overlaps += served.Begun < other ? 1 : 0;
                gap = served.Begun < other ? gap : Math.Min(gap, served.Begun - other);
            }

            if (served.IsBlue)
            {
                blueUntil = Math.Max(blueUntil, served.Ended);
            }
            else
            {
                greenUntil = Math.Max(greenUntil, served.Ended);
            }
        }

        var shortest = gap == long.MaxValue ? -1 : gap * 1_000_000 / Stopwatch.Frequency;
        return string.Create(CultureInfo.InvariantCulture, $"{sorted.Count} {overlaps} {shortest}");
    }

    private sealed record Served(bool IsBlue, long Begun, long Ended);
}
