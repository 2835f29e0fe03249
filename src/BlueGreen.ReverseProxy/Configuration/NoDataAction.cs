namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What follows when a bake is over without one response to judge by.</summary>
public enum NoDataAction
{
    /// <summary>The release succeeds, with low confidence.</summary>
    Succeed = 0,

    /// <summary>The bake goes on for as long again, until there is a response, at most 7 days.</summary>
    Extend = 1,

    /// <summary>The service is switched back.</summary>
    Rollback = 2,
}
