using BlueGreen.ReverseProxy.Background;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

internal static class Loops
{
    public static BackgroundLoops Over(TimeProvider time) => new(time, NullLogger<BackgroundLoops>.Instance);
}
