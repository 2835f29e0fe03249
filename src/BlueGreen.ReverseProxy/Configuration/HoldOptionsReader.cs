namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Services:{name}:Hold</c>.</summary>
internal static class HoldOptionsReader
{
    public static HoldOptions Read(SectionReader reader)
    {
        var defaults = new HoldOptions();
        var options = new HoldOptions
        {
            MaxDuration = reader.Duration("MaxDuration", defaults.MaxDuration, HoldOptions.Shortest, HoldOptions.Longest),
            MaxRequests = reader.Integer("MaxRequests", defaults.MaxRequests, 1, HoldOptions.MostRequests),
            OnTimeout = reader.Name("OnTimeout", defaults.OnTimeout),
            Streams = reader.Name("Streams", defaults.Streams),
        };
        reader.RejectUnknown();
        return options;
    }
}
