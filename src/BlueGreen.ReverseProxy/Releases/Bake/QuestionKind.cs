namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Why a finding is a question, and no verdict.</summary>
internal enum QuestionKind
{
    /// <summary>The evidence is that of a short stretch: see <see cref="Statistics.Cusum"/>.</summary>
    Stretch,

    /// <summary>
    /// The failures are those of a few clients. Requests that are decided one by one tell whether the slot or the client is the cause; where a
    /// client stays on its side and counts once, a few clients tell nothing.
    /// </summary>
    FewClients,

    /// <summary>The same where it is fewer clients than have to be hit before anything is done: what is confirmed is for somebody to decide.</summary>
    TooFewClients,
}
