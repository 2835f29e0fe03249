namespace BlueGreen.ReverseProxy.State;

/// <summary>Where the state is kept. One caller at a time.</summary>
internal interface IStateStore : IDisposable
{
    /// <summary>Where that is, for people.</summary>
    public string Location { get; }

    /// <summary>Why committed records are not in their journals yet; null when they are. The state carries them meanwhile, up to a limit.</summary>
    public StoreFailure? JournalFailure { get; }

    /// <summary>Opens the store and reads what was committed last.</summary>
    /// <returns>Null when nothing was ever stored.</returns>
    /// <exception cref="StateUnreadableException">What is stored can't be used, or another gateway uses it.</exception>
    public Committed? Load();

    /// <summary>Commits a change, with everything that belongs to it, if the stored revision is still the expected one.</summary>
    /// <param name="expectedRevision">The revision that the change was decided on; 0 when nothing was ever stored.</param>
    /// <param name="change">The change; its state has the next revision.</param>
    /// <returns>What is committed now; null when the stored revision is another one.</returns>
    /// <exception cref="StateUnavailableException">Not stored; what was stored before still is.</exception>
    public Committed? CompareAndSet(long expectedRevision, StateChange change);

    /// <summary>Finds out, without changing anything, whether a commit could be stored.</summary>
    /// <param name="expectedRevision">The revision that a change would be decided on.</param>
    /// <returns>False when the stored revision is another one.</returns>
    /// <exception cref="StateUnavailableException">It could not.</exception>
    public bool CanStore(long expectedRevision);

    /// <summary>Writes down something that changed nothing: a refusal.</summary>
    /// <returns>What is known from now on.</returns>
    /// <exception cref="StateUnavailableException">Not written.</exception>
    public Committed AppendAudit(AuditRecord entry);

    /// <summary>Lets another gateway have the store; nothing is written from now on.</summary>
    public void Release();
}

/// <summary>The state could not be stored; nothing has changed.</summary>
internal sealed class StateUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The stored state can't be used, and going on without it would send traffic to a slot that nobody chose.</summary>
public sealed class StateUnreadableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StateUnreadableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public StateUnreadableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
