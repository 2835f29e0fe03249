using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace BlueGreen.AspNetCore.Mirroring;

/// <summary>Puts <see cref="MirrorMiddleware"/> before everything that the API has in its pipeline: there is no place where it could be forgotten.</summary>
internal sealed class MirrorStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<MirrorMiddleware>();
        next(app);
    };
}
