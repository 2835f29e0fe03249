namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What a token may do; each role includes the ones before it.</summary>
public enum AdminRole
{
    /// <summary>Look at everything.</summary>
    Viewer = 0,

    /// <summary>Deploy, cut over, roll back, approve, abort, finish.</summary>
    Operator = 1,

    /// <summary>Everything.</summary>
    Admin = 2,
}
