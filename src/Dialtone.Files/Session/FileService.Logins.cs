using System.Collections.Concurrent;

namespace Dialtone.Files;

public sealed partial class FileService
{
    private readonly LoginQueue _queue;
    private readonly VerifiedLogins _verified;
    private readonly Account? _stranger; // what callers may do who have not logged in; null for nothing
    private readonly Account _visitor = NewVisitor("door", FileRights.Browse | FileRights.Write);
    private readonly CallerTable<string> _users = new();
    private readonly CallerTable<AddressRange> _addresses = new();
    private readonly ConcurrentDictionary<FileSession, VirtualPath> _sessions = new(); // those whose home somebody else could move

    /// <summary>A session for whoever does not log in.</summary>
    /// <exception cref="FileException"><see cref="FileError.LoginRequired"/> if strangers may do nothing; <see cref="FileError.Limit"/>.</exception>
    public FileSession OpenAnonymous(FileCaller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Account? account = caller.PassedDoor || Options.DoorOpens ? Wider(_stranger) : _stranger;
        if (account is null)
            throw new FileException(FileError.LoginRequired, "Log in first: strangers may do nothing here.");
        return Open(caller, account, user: null, key: null);
    }

    /// <summary>Logs in by a password in clear text. Hashing is bounded, waits in a queue that is fair to addresses, and gives way to transfers.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="user">The name.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Ends the wait; the hashing that has its turn goes on.</param>
    /// <exception cref="FileException"><see cref="FileError.LoginFailed"/>, the same for every cause and after the same work; <see cref="FileError.Limit"/>
    /// if too many wait, or the account or address has too many sessions.</exception>
    public async ValueTask<FileSession> LoginAsync(FileCaller caller, string user, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(password);
        if (!CredentialRules.IsName(user) || !CredentialRules.IsPassword(password) || Penalties.IsRefused(caller.IPAddress))
            throw RefuseLogin(caller, user, "password");
        Account? account = Welcome(Accounts?.Find(user));
        ScramVerifier? verifier = account?.Password;
        UInt128 login = _verified.Of(user, verifier, password);
        if (verifier is null || !_verified.Contains(login))
        {
            PasswordCheck check = await _queue.CheckAsync(caller, verifier, password).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (check == PasswordCheck.Busy)
                throw new FileException(FileError.Limit, "Too many log in at once. Try again in a moment.");
            // Asked again: the account may have changed while the password was hashed.
            account = Welcome(Accounts?.Find(user));
            if (check != PasswordCheck.Right || account?.Password is not { } now || now.Format() != verifier!.Format())
                throw RefuseLogin(caller, user, "password");
            _verified.Add(login);
        }

        return Open(caller, account!, account!.Name, key: null, "password");
    }

    /// <summary>A session for a name that has been proved, by SCRAM with <see cref="ScramAccounts"/>.</summary>
    /// <exception cref="FileException"><see cref="FileError.LoginFailed"/> if the account is gone or has expired by now; <see cref="FileError.Limit"/>.</exception>
    public FileSession Login(FileCaller caller, string provenUser)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(provenUser);
        return Welcome(Accounts?.Find(provenUser)) is { Password: not null } account
            ? Open(caller, account, account.Name, key: null, "scram")
            : throw RefuseLogin(caller, provenUser, "scram");
    }

    /// <summary>A session for the account that lists the key the caller's TLS certificate proved.</summary>
    /// <remarks>
    /// A proven key that opens nothing charges nobody: whoever holds it cannot guess another by trying it, and clients offer theirs before they ask for a
    /// password. The answer is the one to every failure.
    /// </remarks>
    /// <param name="caller">Who calls.</param>
    /// <param name="user">The account meant; null for whichever lists the key.</param>
    /// <exception cref="FileException"><see cref="FileError.LoginFailed"/> if no account lists it, or another than <paramref name="user"/>; <see cref="FileError.Limit"/>.</exception>
    public FileSession LoginByKey(FileCaller caller, string? user = null)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Account? account = caller.KeyFingerprint is { } key ? Welcome(Accounts?.FindByKey(key)) : null;
        return account is not null && (user is null || account.Name == CredentialRules.Prepare(user))
            ? Open(caller, account, account.Name, caller.KeyFingerprint, "key")
            : throw RefuseLogin(caller, user, "key", isGuess: caller.KeyFingerprint is null);
    }

    /// <summary>A proof has failed: charges the caller's address and writes it down.</summary>
    /// <param name="caller">Who called.</param>
    /// <param name="user">The name that was tried; null for none.</param>
    /// <param name="how">The kind of proof, in a word.</param>
    /// <returns>What to tell the caller: <see cref="FileError.LoginFailed"/>, always the same.</returns>
    public FileException RefuseLogin(FileCaller caller, string? user, string how) => RefuseLogin(caller, user, how, isGuess: true);

    private FileException RefuseLogin(FileCaller caller, string? user, string how, bool isGuess)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (isGuess)
            Penalties.Charge(caller.IPAddress, Penalty.AuthenticationFailed);
        Audit?.Write(new AuditRecord
        {
            Event = AuditEvent.Login,
            Error = FileError.LoginFailed,
            User = user,
            From = caller.From,
            Tongue = caller.Tongue,
            Note = how,
        });
        return new FileException(FileError.LoginFailed, "Name and proof do not belong together.");
    }

    /// <summary>A tree was moved or removed: sessions whose homes lay in it hold folders that are not their homes any more.</summary>
    internal void EndSessionsWithin(VirtualPath tree)
    {
        foreach ((FileSession session, VirtualPath home) in _sessions)
        {
            if (home.IsWithin(tree))
                session.End();
        }
    }

    private static Account? NewStranger(FileServiceOptions options) =>
        options.Anonymous == FileRights.None ? null : NewVisitor("anonymous", options.Anonymous);

    private static Account NewVisitor(string name, FileRights rights) =>
        new() { Name = name, Home = VirtualPath.Root, Rights = new Dictionary<VirtualPath, FileRights> { [VirtualPath.Root] = rights } };

    private Account Wider(Account? stranger) => stranger is null
        ? _visitor
        : NewVisitor("door", _visitor.RightsAt(VirtualPath.Root) | stranger.RightsAt(VirtualPath.Root));

    private ScramAccounts NewScramAccounts() => new(
        name => Welcome(Accounts?.Find(name))?.Password,
        Accounts is { } accounts ? accounts.Secret.Span : System.Security.Cryptography.RandomNumberGenerator.GetBytes(ScramAccounts.MinSecretBytes));

    private Account? Welcome(Account? account) => account is null || account.HasExpired(Time.GetUtcNow()) ? null : account;

    private FileSession Open(FileCaller caller, Account account, string? user, string? key, string? how = null)
    {
        if (Audit is { IsFailing: true })
            throw new FileException(FileError.Failed, "The server cannot keep its records, and serves nobody until it can.");
        AddressRange range = caller.Range;
        CallerCounts? byUser = user is null ? null : _users.TryOpen(user, Options.MaxSessionsPerUser);
        CallerCounts? byAddress = range.IsNone ? null : _addresses.TryOpen(range, Options.MaxSessionsPerAddress);
        FileSession? session = null;
        void Close()
        {
            if (session is not null)
                _sessions.TryRemove(session, out _);
            if (byUser is not null)
                _users.Close(user!);
            if (byAddress is not null)
                _addresses.Close(range);
        }

        FileError? error = null;
        try
        {
            if ((user is not null && byUser is null) || (!range.IsNone && byAddress is null))
                throw new FileException(FileError.Limit, "Too many sessions are open.");
            session = new FileSession(this, caller, new SessionStart
            {
                Account = account,
                User = user,
                Key = key,
                Store = OpenHome(account, user),
                Closed = Close,
                UserCounts = byUser,
                AddressCounts = byAddress,
            });
            if (!account.Home.IsRoot)
                _sessions[session] = account.Home;
            return session;
        }
        catch (FileException e)
        {
            Close();
            error = e.Reason;
            throw;
        }
        finally
        {
            if (user is not null || error is not null)
                Audit?.Write(new AuditRecord { Event = AuditEvent.Login, Error = error, User = user, From = caller.From, Tongue = caller.Tongue, Note = how });
        }
    }

    private IFileStore OpenHome(Account account, string? user)
    {
        try
        {
            return Options.Store.OpenFolder(account.Home, create: user is not null && !account.Home.IsRoot);
        }
        catch (FileException e)
        {
            _logger.HomeUnusable(account.Name, e);
            throw new FileException(FileError.Failed, "The account's home cannot be used. Ask whoever runs the server.", e);
        }
    }
}
