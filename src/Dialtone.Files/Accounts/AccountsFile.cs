using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>Accounts in a file that an operator can read: JSON, for its owner alone. docs/files-accounts.md shows one.</summary>
/// <remarks>
/// It holds no password, but what log-ins are checked against; so whoever else may read it, owns it, or put a link in its place, makes it refused.
/// Edits are locked against other processes, and leave the old file or the new one at every moment. A running server takes the new one by
/// <see cref="Reload"/>.
/// </remarks>
public sealed class AccountsFile : IAccounts
{
    /// <summary>The longest file read: 16 MiB, some 40,000 accounts.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private volatile State _state;

    private AccountsFile(string path, State state) => (Path, _state) = (path, state);

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Account> All => _state.Table.All;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Secret => _state.Secret;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="create">Makes an empty one if it is missing.</param>
    /// <exception cref="TrustException">It cannot be read (<see cref="TrustError.FileUnusable"/>), others may read or write it
    /// (<see cref="TrustError.FileTooOpen"/>), or it holds a mistake (<see cref="TrustError.FileMalformed"/>, with the line).</exception>
    public static AccountsFile Open(string path, bool create = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (create && !File.Exists(path))
        {
            PrivateFile.MakeFolderOf(path);
            using IDisposable held = PrivateFile.Lock(path);
            if (!File.Exists(path))
                Write(path, new State(RandomNumberGenerator.GetBytes(ScramAccounts.MinSecretBytes), new AccountTable([])));
        }

        return new AccountsFile(path, Read(path, earlier: null));
    }

    /// <inheritdoc/>
    public Account? Find(string name) => _state.Table.Find(name);

    /// <inheritdoc/>
    public Account? FindByKey(string fingerprint) => _state.Table.FindByKey(fingerprint);

    /// <summary>Reads the file again. Sessions of accounts that are gone, or have another password or home, end; other changes hold at once.</summary>
    /// <exception cref="TrustException">As <see cref="Open"/>; the accounts stay what they were then.</exception>
    public void Reload()
    {
        _state = Read(Path, _state);
        Changed?.Invoke();
    }

    /// <summary>Changes the file: reads it anew, applies the change, writes it. No other process edits it meanwhile, and none loses its edit.</summary>
    /// <param name="change">Gets the accounts there are and returns those to be.</param>
    /// <exception cref="TrustException">As <see cref="Open"/>, or it cannot be written or locked. Nothing has changed then.</exception>
    /// <exception cref="ArgumentException">The result is no set of accounts. Nothing has changed then.</exception>
    public void Edit(Func<IReadOnlyList<Account>, IEnumerable<Account>> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        using (PrivateFile.Lock(Path))
        {
            State before = Read(Path, _state);
            var after = new State(before.Secret, new AccountTable([.. change(before.Table.All)]));
            Write(Path, after);
            _state = after;
        }

        Changed?.Invoke();
    }

    /// <summary>Adds an account.</summary>
    /// <exception cref="ArgumentException">The name is taken, or one of its keys.</exception>
    /// <exception cref="TrustException">As <see cref="Edit"/>.</exception>
    public void Add(Account account) => Edit(all => [.. all, account]);

    /// <summary>Puts an account in place of the one of the same name.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="ArgumentException">Another account lists one of its keys.</exception>
    /// <exception cref="TrustException">As <see cref="Edit"/>.</exception>
    public bool Set(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return Change(account.Name, _ => account);
    }

    /// <summary>Changes one account, whatever it has become since it was last read.</summary>
    /// <returns>False if there is none of that name.</returns>
    /// <exception cref="ArgumentException">The result takes a name or key that another account has.</exception>
    /// <exception cref="TrustException">As <see cref="Edit"/>.</exception>
    public bool Change(string name, Func<Account, Account> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        name = CredentialRules.Prepare(name);
        bool found = false;
        Edit(all => [.. all.Select(one => one.Name == name && (found = true) ? change(one) : one)]);
        return found;
    }

    /// <summary>Removes an account. Its files stay.</summary>
    /// <returns>False if there is none of that name.</returns>
    /// <exception cref="TrustException">As <see cref="Edit"/>.</exception>
    public bool Remove(string name)
    {
        name = CredentialRules.Prepare(name);
        bool found = false;
        Edit(all => [.. all.Where(one => one.Name != name || !(found = true))]);
        return found;
    }

    // Accounts that read as before stay the same objects: sessions then see at a glance that nothing has changed.
    private static State Read(string path, State? earlier)
    {
        if (new FileInfo(path).LinkTarget is not null)
            throw new TrustException(TrustError.FileTooOpen, $"{path} is a link; an edit would replace it. Name the file itself.");
        byte[] text = PrivateFile.ReadOwn(path, MaxBytes);
        (byte[] secret, Account[] accounts) = new AccountsReader(path, text).Read();
        if (earlier is not null)
        {
            for (int i = 0; i < accounts.Length; i++)
            {
                if (earlier.Table.Find(accounts[i].Name) is { } before && AccountsWriter.Format(before).AsSpan().SequenceEqual(AccountsWriter.Format(accounts[i])))
                    accounts[i] = before;
            }
        }

        try
        {
            return new State(secret, new AccountTable(accounts));
        }
        catch (ArgumentException e)
        {
            throw new TrustException(TrustError.FileMalformed, $"{path}: {e.Message}", e);
        }
    }

    private static void Write(string path, State state) =>
        PrivateFile.Write(path, AccountsWriter.Format(state.Secret, state.Table.All), PrivateFile.OwnerOnly);

    private sealed record State(byte[] Secret, AccountTable Table);
}
