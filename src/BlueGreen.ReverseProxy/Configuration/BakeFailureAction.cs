namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What follows when a bake fails.</summary>
public enum BakeFailureAction
{
    /// <summary>The service is switched back.</summary>
    Rollback = 0,

    /// <summary>Nothing is switched: the release waits, with an alarm, until somebody finishes it or rolls it back.</summary>
    Hold = 1,
}
