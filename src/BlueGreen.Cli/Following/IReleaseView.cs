namespace BlueGreen.Cli.Following;

/// <summary>Who is shown a release while it is followed: a live picture, or lines.</summary>
internal interface IReleaseView
{
    /// <summary>Runs the following while the view is on the screen.</summary>
    public Task<T> WhileAsync<T>(Func<Task<T>> follow);

    /// <summary>What is known now.</summary>
    public void Show(ReleaseSnapshot snapshot);

    /// <summary>The gateway does not answer; it is tried again.</summary>
    public void Lost(string reason);
}
