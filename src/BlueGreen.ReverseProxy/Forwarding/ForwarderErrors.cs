using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Sorts YARP's errors by how a request ended.</summary>
internal static class ForwarderErrors
{
    /// <summary>Whether it was ended by a token: the client has left, the drain's time was over or, once the response had begun, nothing moved for too long.</summary>
    public static bool IsCancellation(this ForwarderError error) => error
        is ForwarderError.RequestCanceled
        or ForwarderError.RequestBodyCanceled
        or ForwarderError.ResponseBodyCanceled
        or ForwarderError.UpgradeRequestCanceled
        or ForwarderError.UpgradeResponseCanceled;

    /// <summary>Whether the client's connection failed.</summary>
    public static bool IsOfClient(this ForwarderError error) => error
        is ForwarderError.RequestBodyClient
        or ForwarderError.ResponseBodyClient
        or ForwarderError.UpgradeRequestClient
        or ForwarderError.UpgradeResponseClient;
}
