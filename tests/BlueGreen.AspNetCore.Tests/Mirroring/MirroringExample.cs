using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>The example of docs/mirror.md and of the package's page, where it is compiled and run. A test compares the three.</summary>
internal static class MirroringExample
{
    public static WebApplication Build(string[] args)
    {
        // begin of the application
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddBlueGreenMirroring();
        builder.Services.AddSingleton<Receipts>();
        var app = builder.Build();
        app.MapPost("/orders", (Receipts receipts) => receipts.Send("Thank you for your order."));
        app.MapPost("/payments", () => Results.Ok("charged")).SkipWhenMirrored();
        // end of the application
        return app;
    }
}

#pragma warning disable CA1848, CA1873 // An example logs as people do.
// begin of the class
internal sealed class Receipts(IMirroredRequest request, ILogger<Receipts> log)
{
    public string Send(string text)
    {
        if (request.IsMirrored)
        {
            return "not sent";
        }

        log.LogInformation("To the customer: {Text}", text);
        return "sent";
    }
}
// end of the class
