namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Mirroring</c>.</summary>
internal static class MirroringOptionsReader
{
    public static MirroringOptions Read(SectionReader reader)
    {
        var options = new MirroringOptions { Key = reader.Text("Key"), KeyFile = reader.Text("KeyFile") };
        if (options.Key is not null && !MirroringOptions.IsKey(options.Key))
        {
            reader.Error("Key", null, $"is not allowed (value not shown): at least {MirroringOptions.ShortestKey} characters, without white space around them");
        }

        if (options is { Key: not null, KeyFile: not null })
        {
            reader.Error("KeyFile", options.KeyFile, "is not allowed beside Key: one of the two");
        }

        reader.RejectUnknown();
        return options;
    }
}
