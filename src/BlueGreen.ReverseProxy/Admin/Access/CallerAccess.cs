using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>Whether the caller of a long call may still make it: <see cref="Lost"/> is raised when a reload takes the role away.</summary>
/// <remarks>
/// The interleaving: a reload between the check of the request and the start of this watch is seen by the check in the constructor,
/// which comes after the subscription. So a caller that is no longer known is noticed whenever the reload comes.
/// </remarks>
internal sealed class CallerAccess : IDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private readonly AdminAccess _access;
    private readonly Func<KnownCallers, AdminRole?> _roleIn;
    private readonly AdminRole _required;

    /// <summary>Begins to watch.</summary>
    /// <param name="access">Who may call.</param>
    /// <param name="roleIn">The caller's role among those who may call at some time; null for none.</param>
    /// <param name="required">The role that the call needs.</param>
    public CallerAccess(AdminAccess access, Func<KnownCallers, AdminRole?> roleIn, AdminRole required)
    {
        (_access, _roleIn, _required) = (access, roleIn, required);
        Lost = _lost.Token;
        _access.Changed += OnChanged;
        Check();
    }

    /// <summary>Raised once the caller may no longer make the call.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Looks again: a certificate may have expired without a reload.</summary>
    public void Check()
    {
        if (_roleIn(_access.Current) is { } role && role >= _required)
        {
            return;
        }

        try
        {
            // The calls go on elsewhere than in the reload.
            _ = _lost.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The call has ended at this moment.
        }
    }

    public void Dispose()
    {
        _access.Changed -= OnChanged;
        _lost.Dispose();
    }

    private void OnChanged(object? sender, EventArgs arguments) => Check();
}
