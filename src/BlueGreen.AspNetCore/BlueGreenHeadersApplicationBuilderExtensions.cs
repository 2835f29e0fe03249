using BlueGreen.AspNetCore.Headers;
using BlueGreen.AspNetCore.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore;

/// <summary>Adds the headers that say which version and slot answered.</summary>
public static class BlueGreenHeadersApplicationBuilderExtensions
{
    /// <summary>
    /// Sets <c>X-API-Version</c> and <c>X-Environment</c> on every response, unless the application set them itself. Call
    /// it first, so that no middleware answers before it. A 500 for an exception that nothing in the pipeline handles is
    /// written by Kestrel, which removes all headers: add <c>UseExceptionHandler</c> to have them there too.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <returns><paramref name="app"/>.</returns>
    /// <exception cref="InvalidOperationException"><c>AddBlueGreenApi</c> was not called.</exception>
    /// <exception cref="OptionsValidationException">An option is not allowed.</exception>
    public static IApplicationBuilder UseBlueGreenHeaders(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);

        // Options resolve to an empty instance without AddBlueGreenApi; this service does not.
        if (app.ApplicationServices.GetService<Uptime>() is null)
        {
            throw new InvalidOperationException("Call services.AddBlueGreenApi() before app.UseBlueGreenHeaders().");
        }

        var options = app.ApplicationServices.GetRequiredService<IOptions<BlueGreenApiOptions>>().Value;
        var headers = new IdentityHeaders(options);
        return app.Use(next => context =>
        {
            context.Response.OnStarting(headers.Set, context.Response.Headers);
            return next(context);
        });
    }
}
