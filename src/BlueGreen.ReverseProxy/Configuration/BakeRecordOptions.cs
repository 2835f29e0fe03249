namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake:Record</c>.</summary>
/// <param name="Directory">The folder, relative to the working folder.</param>
/// <param name="MaxMegabytes">How much is kept there of the service; the oldest file goes first.</param>
public sealed record BakeRecordOptions(string Directory, int MaxMegabytes);
