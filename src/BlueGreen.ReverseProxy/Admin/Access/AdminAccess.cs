using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// Who may call, kept up with the configuration: tokens and client certificates are rotated without a restart. What is read is one
/// immutable value that is replaced whole; a section with an error is refused whole, and the one before stays.
/// </summary>
internal sealed partial class AdminAccess : IDisposable
{
    private readonly IConfigurationSection _section;
    private readonly ReleaseEngine _engine;
    private readonly BackgroundLoops _loops;
    private readonly ILogger<AdminAccess> _logger;
    private readonly IDisposable _watch;
    private readonly CancellationTokenSource _stop = new();

    // Changes that come while one is read are one more reading.
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _reloading = new();
    private KnownCallers _current;
    private string _refused = "";

    public AdminAccess(
        AdminOptions options, IConfigurationSection section, ReleaseEngine engine, BackgroundLoops loops, TimeProvider time, ILogger<AdminAccess> logger)
    {
        _section = section;
        _engine = engine;
        _loops = loops;
        _logger = logger;
        Time = time;
        _current = KnownCallers.Load(options, time);

        // Not read in the callback: an exception there is lost in the watcher of the files, and the change with it.
        _watch = ChangeToken.OnChange(section.GetReloadToken, () => _changes.Writer.TryWrite(true));
        loops.Start("access", () => loops.RunAsync("access", subject: null, FollowAsync, _stop.Token));
    }

    /// <summary>Raised after <see cref="Current"/> has changed. Must not block.</summary>
    public event EventHandler? Changed;

    public KnownCallers Current => Volatile.Read(ref _current);

    private TimeProvider Time { get; }

    public void Dispose()
    {
        _watch.Dispose();
        if (!_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    /// <summary>Reads the configuration and the files that it names again.</summary>
    public void Reload()
    {
        // Two files that change at once call twice. Each reads what is there when its turn comes, so the last one to publish has read
        // the newest; without the lock an older one could be published after it.
        lock (_reloading)
        {
            var errors = new List<ConfigurationError>();
            var options = AdminOptionsReader.Read(new SectionReader(_section, errors));
            var before = Current;
            KnownCallers? next = null;
            if (errors.Count == 0 && options.IsOpen && !before.Options.IsOpen)
            {
                // A file that is away for a moment while it is replaced looks the same. Nothing but a restart opens the API.
                errors.Add(new($"{_section.Path}:Tokens", null, "must not all go while the gateway runs: that would open the API to everybody"));
            }

            if (errors.Count == 0)
            {
                try
                {
                    next = KnownCallers.Load(before.Options with { Tokens = options.Tokens, ClientCertificates = options.ClientCertificates }, Time);
                }
                catch (BlueGreenConfigurationException exception)
                {
                    errors.AddRange(exception.Errors);
                }
            }

            // The files are looked at again and again: what is wrong is said once.
            var refused = string.Join('\n', errors);
            if (refused == _refused && next is null)
            {
                return;
            }

            _refused = refused;
            if (next is null)
            {
                foreach (var error in errors)
                {
                    LogRefused(_logger, error.ToString());
                }

                Note(ProblemCodes.ConfigurationRefused, $"Who may call stays as it was. {string.Join(" ", errors)}");
            }
            else if (next.Description != before.Description)
            {
                Volatile.Write(ref _current, next);
                var names = next.Description.Length == 0 ? "nobody in particular" : next.Names;
                LogReloaded(_logger, names);
                Changed?.Invoke(this, EventArgs.Empty);
                Note("done", $"Administration may now be called by: {names}.");
            }
        }
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        while (await _changes.Reader.WaitToReadAsync(stopping))
        {
            _changes.Reader.TryRead(out _);
            try
            {
                Reload();
            }
            catch
            {
                // Read again when the loop is restarted.
                _changes.Writer.TryWrite(true);
                throw;
            }
        }
    }

    // Who has changed the file is for the machine to say. Each has its place in the line of writers before the next, and none holds up
    // the reload; as a file has to change for each, no caller can bring them about.
    private void Note(string result, string detail) =>
        _loops.Start("audit", () => _engine.AuditAsync(Caller.Gateway, "access", result, [], release: null, force: false, reason: null, detail));

    [LoggerMessage(5201, LogLevel.Information, "Administration may now be called by: {Names}.")]
    private static partial void LogReloaded(ILogger logger, string names);

    [LoggerMessage(5202, LogLevel.Error, "The changed configuration of the administration is refused, and who may call stays as it was: {Error}")]
    private static partial void LogRefused(ILogger logger, string error);
}

/// <summary>Tokens and client certificates at one moment, with the authorities' certificates loaded.</summary>
internal sealed class KnownCallers
{
    private readonly IReadOnlyList<(AdminClientCertificate Owner, X509Certificate2Collection Authorities)> _certificates;
    private readonly TimeProvider _time;

    private KnownCallers(AdminOptions options, IReadOnlyList<(AdminClientCertificate Owner, X509Certificate2Collection Authorities)> certificates, TimeProvider time)
    {
        Options = options;
        _certificates = certificates;
        _time = time;
        Description = string.Join(
            '\n',
            options.Tokens.Select(token => $"{token.Name} {token.Role} {Convert.ToHexString(token.Sha256.AsSpan())}")
                .Concat(certificates.Select(entry =>
                    $"{entry.Owner.Name} {entry.Owner.Role} {Convert.ToHexString(entry.Owner.Thumbprint.AsSpan())} {entry.Owner.Subject} {string.Join(',', entry.Authorities.Select(authority => authority.Thumbprint))}")));
    }

    public AdminOptions Options { get; }

    /// <summary>Equal for those who let the same callers in. Never logged: it has the hashes.</summary>
    public string Description { get; }

    public string Names => string.Join(
        ", ",
        Options.Tokens.Select(token => $"token {token.Name} ({token.Role})").Concat(Options.ClientCertificates.Select(owner => $"client certificate {owner.Name} ({owner.Role})")));

    /// <summary>Loads the files that the options name.</summary>
    /// <exception cref="BlueGreenConfigurationException">A file can't be read.</exception>
    public static KnownCallers Load(AdminOptions options, TimeProvider time)
    {
        var errors = new List<ConfigurationError>();
        var certificates = options.ClientCertificates
            .Select(owner => (owner, owner.CaPath is { } path ? CertificateFiles.LoadAuthorities(path, errors) : []))
            .ToList();
        return errors.Count == 0 ? new KnownCallers(options, certificates, time) : throw new BlueGreenConfigurationException(errors);
    }

    /// <summary>Whose certificate it is; null when nobody's that is known, or when it is not valid now.</summary>
    public AdminClientCertificate? Find(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        var now = _time.GetUtcNow();
        return now.UtcDateTime >= certificate.NotBefore.ToUniversalTime() && now.UtcDateTime <= certificate.NotAfter.ToUniversalTime()
            ? _certificates.FirstOrDefault(entry => CertificateFiles.IsOf(certificate, sent, entry.Owner, entry.Authorities, now)).Owner
            : null;
    }
}
