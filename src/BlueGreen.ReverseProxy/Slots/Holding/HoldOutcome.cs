namespace BlueGreen.ReverseProxy.Slots.Holding;

/// <summary>How a request's wait ended.</summary>
internal enum HoldOutcome
{
    /// <summary>It goes on: have its slot chosen again.</summary>
    Released = 0,

    /// <summary>As many requests waited already as may.</summary>
    Full = 1,

    /// <summary>The hold's time was over, and the decision where to go on to was not stored yet.</summary>
    Expired = 2,

    /// <summary>The client went away, or the time of the request's route was over.</summary>
    Canceled = 3,
}
