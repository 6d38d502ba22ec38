using System.Runtime.InteropServices;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>SIGHUP: reads accounts and certificate again, and opens the audit log anew. What cannot be read leaves the old in force.</summary>
internal sealed class ReloadSignal : IDisposable
{
    private readonly AccountsFile? _accounts;
    private readonly CertificateFiles? _certificate;
    private readonly AuditLog? _audit;
    private readonly Action _stop;
    private readonly bool _hadTerminal = Terminal.InputIsInteractive;
    private readonly PosixSignalRegistration _registration; // held: its finalizer would give the signal back
    private readonly Lock _gate = new();
    private bool _isOver; // under _gate

    /// <param name="accounts">Null for none.</param>
    /// <param name="certificate">Null for none.</param>
    /// <param name="audit">Null for none.</param>
    /// <param name="stop">Called when the signal means that the terminal of a server that had one is gone.</param>
    public ReloadSignal(AccountsFile? accounts, CertificateFiles? certificate, AuditLog? audit, Action stop)
    {
        (_accounts, _certificate, _audit, _stop) = (accounts, certificate, audit, stop);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Received);
    }

    /// <summary>Nothing is read again. The signal stays ours: that a terminal is gone may be seen before its signal comes, which must not kill what ends in order.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isOver = true;
    }

    private void Received(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (_hadTerminal && !Keyboard.HasTerminal)
        {
            Terminal.Mute();
            _stop();
            return;
        }

        lock (_gate)
        {
            if (_isOver)
                return;
            Try("The accounts stay", ReloadAccounts);
            Try("The certificate stays", ReloadCertificate);
            if (_audit is not null)
            {
                _audit.Reopen();
                Terminal.Error.WriteLine("dialtone: the audit log was opened anew.");
            }
        }
    }

    private void ReloadAccounts()
    {
        if (_accounts is null)
            return;
        _accounts.Reload();
        Terminal.Error.WriteLine($"dialtone: read again: {Welcome.Names(_accounts)} may log in.");
    }

    /// <summary>The server notices new files by itself, within a second; here it is said what they are worth.</summary>
    private void ReloadCertificate()
    {
        if (_certificate is not null)
            Terminal.Error.WriteLine($"dialtone: read again: the server's key is {_certificate.Fingerprint()}.");
    }

    private static void Try(string what, Action reload)
    {
        try
        {
            reload();
        }
        catch (Exception e) when (Failure.Explain(e) is { } explained)
        {
            Terminal.Error.WriteLine($"dialtone: {what} as before: {explained.Message}");
        }
    }
}
