namespace BlueGreen.ReverseProxy.Slots;

/// <summary>What a request is sent to a slot for.</summary>
internal enum Purpose
{
    /// <summary>To serve a client: measured, and waited for by a drain.</summary>
    Serve = 0,

    /// <summary>To show somebody the standby: counted apart, not measured, and no drain waits for it.</summary>
    Preview = 1,

    /// <summary>A copy whose answer is only compared: counted apart, not measured, and no drain waits for it.</summary>
    Mirror = 2,
}
