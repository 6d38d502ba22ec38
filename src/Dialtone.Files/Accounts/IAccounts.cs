namespace Dialtone.Files;

/// <summary>Who may log in. Asked for every log-in and again during sessions, from many threads: answers come from memory.</summary>
public interface IAccounts
{
    /// <summary>Everybody, in the order they were written.</summary>
    IReadOnlyList<Account> All { get; }

    /// <summary>Makes the salts that unknown names are answered with. At least 32 bytes, kept over restarts: a salt that changes gives a name away.</summary>
    ReadOnlyMemory<byte> Secret { get; }

    /// <summary>The account of a name; null if there is none. The same object until the account changes.</summary>
    Account? Find(string name);

    /// <summary>The account that lists a key's fingerprint; null if none does.</summary>
    Account? FindByKey(string fingerprint);

    /// <summary>Raised after the accounts have changed, on the thread that changed them.</summary>
    event Action? Changed;
}
