using System.Security.Cryptography;

namespace Dialtone;

/// <summary>Hashes passwords in a bounded number of slots, so that logins cannot starve the machine. One per server; safe for many threads.</summary>
public sealed class PasswordHasher : IDisposable
{
    private readonly PasswordHasherOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _slots;
    private readonly ScramVerifier _nobody;
    private int _waiting;

    /// <summary>A hasher with all its slots free.</summary>
    public PasswordHasher(PasswordHasherOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new PasswordHasherOptions();
        _time = time ?? TimeProvider.System;
        _slots = new SemaphoreSlim(_options.Slots, _options.Slots);
        _nobody = new ScramVerifier(RandomNumberGenerator.GetBytes(ScramVerifier.SaltBytes), _options.Iterations,
            RandomNumberGenerator.GetBytes(ScramKeys.Size), RandomNumberGenerator.GetBytes(ScramKeys.Size));
    }

    /// <summary>Logins waiting for a slot.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether <paramref name="password"/> is the one of <paramref name="verifier"/>. Hashes on the thread pool, never on the caller's event loop.</summary>
    /// <param name="verifier">The account's verifier; null when there is no such account, which takes as long and is <see cref="PasswordCheck.Wrong"/>.</param>
    /// <param name="password">What the caller offers. One that breaks <see cref="CredentialRules.IsPassword"/> is wrong without hashing.</param>
    /// <param name="cancellationToken">Ends the waiting; a hash under way is finished.</param>
    public async ValueTask<PasswordCheck> VerifyAsync(ScramVerifier? verifier, string password, CancellationToken cancellationToken = default)
    {
        if (!CredentialRules.IsPassword(password))
            return PasswordCheck.Wrong;
        if (!await EnterAsync(cancellationToken).ConfigureAwait(false))
            return PasswordCheck.Busy;
        try
        {
            return await Task.Run(() => Check(verifier, password), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>As <see cref="VerifyAsync"/>, waiting and hashing on the calling thread: for blocking handlers.</summary>
    public PasswordCheck Verify(ScramVerifier? verifier, string password, CancellationToken cancellationToken = default)
    {
        if (!CredentialRules.IsPassword(password))
            return PasswordCheck.Wrong;
        if (!Enter(cancellationToken))
            return PasswordCheck.Busy;
        try
        {
            return Check(verifier, password);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>A verifier for a new password, made in a slot.</summary>
    /// <returns>Null when no slot came free in time.</returns>
    /// <exception cref="ArgumentException">The password breaks <see cref="CredentialRules.IsPassword"/>.</exception>
    public async ValueTask<ScramVerifier?> CreateAsync(string password, CancellationToken cancellationToken = default)
    {
        if (!CredentialRules.IsPassword(password))
            throw new ArgumentException("A password is 1 to 1024 bytes of UTF-8 without control characters.", nameof(password));
        if (!await EnterAsync(cancellationToken).ConfigureAwait(false))
            return null;
        try
        {
            return await Task.Run(() => ScramVerifier.Create(password, _options.Iterations), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    internal bool TryTakeSlot() => _slots.Wait(0, CancellationToken.None);

    internal void ReturnSlot() => _slots.Release();

    private PasswordCheck Check(ScramVerifier? verifier, string password)
    {
        bool right = (verifier ?? _nobody).Verify(password);
        return right & verifier is not null ? PasswordCheck.Right : PasswordCheck.Wrong;
    }

    private async ValueTask<bool> EnterAsync(CancellationToken cancellationToken)
    {
        if (TryTakeSlot())
            return true;
        if (!TryQueue())
            return false;
        try
        {
            using var limit = new CancellationTokenSource(_options.Wait, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await _slots.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private bool Enter(CancellationToken cancellationToken)
    {
        if (TryTakeSlot())
            return true;
        if (!TryQueue())
            return false;
        try
        {
            using var limit = new CancellationTokenSource(_options.Wait, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            _slots.Wait(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private bool TryQueue()
    {
        if (Interlocked.Increment(ref _waiting) <= _options.Queue)
            return true;
        Interlocked.Decrement(ref _waiting);
        return false;
    }
}
