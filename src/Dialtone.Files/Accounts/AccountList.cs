using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>Accounts in memory.</summary>
public sealed class AccountList : IAccounts
{
    private volatile AccountTable _table;

    /// <summary>A list of accounts.</summary>
    /// <exception cref="ArgumentException">Two have one name or one key.</exception>
    public AccountList(params IEnumerable<Account> accounts) => _table = new AccountTable([.. accounts]);

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public IReadOnlyList<Account> All => _table.All;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Secret { get; } = RandomNumberGenerator.GetBytes(ScramAccounts.MinSecretBytes);

    /// <inheritdoc/>
    public Account? Find(string name) => _table.Find(name);

    /// <inheritdoc/>
    public Account? FindByKey(string fingerprint) => _table.FindByKey(fingerprint);

    /// <summary>Puts other accounts in place of all there are.</summary>
    /// <exception cref="ArgumentException">Two have one name or one key; nothing has changed then.</exception>
    public void Replace(params IEnumerable<Account> accounts)
    {
        _table = new AccountTable([.. accounts]);
        Changed?.Invoke();
    }
}

/// <summary>Accounts that do not change, by name and by key.</summary>
internal sealed class AccountTable
{
    private readonly FrozenDictionary<string, Account> _byName;
    private readonly FrozenDictionary<string, Account> _byKey;

    internal AccountTable(Account[] accounts)
    {
        var names = new Dictionary<string, Account>(StringComparer.Ordinal);
        var keys = new Dictionary<string, Account>(StringComparer.Ordinal);
        foreach (Account account in accounts)
        {
            if (!names.TryAdd(account.Name, account))
                throw new ArgumentException($"Two accounts are called {account.Name}.", nameof(accounts));
            foreach (string key in account.Keys)
            {
                if (!keys.TryAdd(key, account) && keys[key] != account)
                    throw new ArgumentException($"The accounts {keys[key].Name} and {account.Name} list the same key.", nameof(accounts));
            }
        }

        All = accounts;
        _byName = names.ToFrozenDictionary(StringComparer.Ordinal);
        _byKey = keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    internal IReadOnlyList<Account> All { get; }

    internal Account? Find(string name) => _byName.GetValueOrDefault(CredentialRules.Prepare(name));

    internal Account? FindByKey(string fingerprint) => _byKey.GetValueOrDefault(fingerprint);
}
