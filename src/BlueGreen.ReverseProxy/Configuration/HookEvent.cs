namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What a hook can be called for.</summary>
public enum HookEvent
{
    /// <summary>The gates have passed; anything but success rejects the release.</summary>
    PreSwitch = 0,

    /// <summary>Switched.</summary>
    PostSwitch = 1,

    /// <summary>The old slot has drained.</summary>
    Drained = 2,

    /// <summary>The release has succeeded.</summary>
    Succeeded = 3,

    /// <summary>The release was rolled back.</summary>
    RolledBack = 4,

    /// <summary>A gate has failed.</summary>
    Rejected = 5,

    /// <summary>The old slot may be taken down.</summary>
    Decommission = 6,

    /// <summary>The bake found something and waits: for somebody, or for an outage to end.</summary>
    Held = 7,

    /// <summary>The release was ended before its switch.</summary>
    Aborted = 8,

    /// <summary>The release has failed before its switch by a failure of the gateway itself.</summary>
    Failed = 9,

    /// <summary>The release has switched, and nobody watched its end.</summary>
    Abandoned = 10,

    /// <summary>A release that shifts traffic has begun to, or goes on to its next weight.</summary>
    Shifted = 11,
}
