using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>Raised by a second stop signal: the operator does not want to wait for the drain.</summary>
internal sealed class StopSignals(IHostApplicationLifetime lifetime) : IDisposable
{
    private readonly CancellationTokenSource _again = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _seen;

    public CancellationToken Again => _again.Token;

    public void Listen()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _again.Dispose();
    }

    // The host's own handlers see each signal too; the first one starts the stop.
    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _seen) > 1 && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            Hurry();
        }
    }

    /// <summary>Does what a second signal does.</summary>
    internal void Hurry() => _again.Cancel();
}
