using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Who may log in to the file server: verbs that edit the accounts file.</summary>
internal static class UserVerbs
{
    private const string Reload = "A running server reads the file again when it gets SIGHUP.";

    private static readonly FlagGroup Rules = new("What the user may do", UserFlags.Home, UserFlags.Rights, UserFlags.Quota, UserFlags.QuotaFiles, UserFlags.Expires);

    private static readonly FlagGroup Proof = new("How the user logs in", PasswordInput.PasswordFile, UserFlags.Key);

    private static readonly FlagGroup Where = new("Where", UserFlags.Accounts);

    public static Verb Add { get; } = new("user add", "Add a user to the file server's accounts", AddAsync)
    {
        Operands = ["NAME"],
        Flags = [Rules, Proof, Where],
        Details =
        [
            "The password is asked on the terminal, or taken from --password-file or DIALTONE_PASSWORD; the accounts file keeps only what checks it. With --key and neither of them, the user has no password.",
            "Where several --rights hold for a path, the one of the deepest folder decides alone. 'write' is create, overwrite and mkdir.",
            Reload,
        ],
        Examples =
        [
            "dialtone user add alex",
            "dialtone user add backup --home /backup --quota 200G --key SHA256:…",
            "dialtone user add guest --home / --rights read,list /incoming=list,create",
        ],
    };

    public static Verb Set { get; } = new("user set", "Change what a user may do", SetAsync)
    {
        Operands = ["NAME"],
        Flags = [Rules, new("How the user logs in", UserFlags.Key), Where],
        Details = ["What is not named stays as it is. --rights and --key replace all rights and all keys; '--key none' takes the keys away.", Reload],
        Examples = ["dialtone user set alex --quota 20G --expires 2030-12-31"],
    };

    public static Verb Passwd { get; } = new("user passwd", "Change a user's password", PasswdAsync)
    {
        Operands = ["NAME"],
        Flags = [new("Flags", PasswordInput.PasswordFile, UserFlags.Accounts)],
        Details = [Reload],
        Examples = ["dialtone user passwd alex"],
    };

    public static Verb Remove { get; } = new("user remove", "Remove users; their files stay", RemoveAsync)
    {
        Operands = ["NAME…"],
        Flags = [Where],
        Details = [Reload],
        Examples = ["dialtone user remove alex"],
    };

    public static Verb List { get; } = new("user list", "Show who may log in, and what they may do", ListAsync)
    {
        Flags = [new("Flags", UserFlags.Json, UserFlags.Accounts)],
        Examples = ["dialtone user list", "dialtone user list --json"],
    };

    private static string PathOf(Arguments arguments) => arguments.Get(UserFlags.Accounts) ?? Folders.Accounts;

    private static Task<ExitCode> AddAsync(Arguments arguments)
    {
        string name = CredentialRules.Prepare(arguments.Operands[0]);
        if (AccountRules.CheckName(name) is { } problem)
            throw CliException.Usage(problem);
        FileOwner.Check(PathOf(arguments));
        AccountsFile accounts = AccountsFile.Open(PathOf(arguments), create: true);
        if (accounts.Find(name) is not null)
            throw Taken(name);
        string? password = PasswordInput.Given(arguments);
        if (password is null && !arguments.Has(UserFlags.Key))
            password = PasswordInput.AskNew(name);
        if (!AccountRules.TryParseHome($"/{name}", out VirtualPath? home, out string? wrong) && !arguments.Has(UserFlags.Home))
            throw CliException.Usage($"No home can be called '{name}': {wrong}", "Name another with --home /FOLDER.");

        Account account = Changed(
            new Account { Name = name, Home = home ?? VirtualPath.Root, Password = password is null ? null : ScramVerifier.Create(password) }, arguments);
        accounts.Edit(all => all.Any(other => other.Name == name) ? throw Taken(name) : [.. all, account]);
        Tell(arguments, $"{name} may log in{(password is null ? " with the key" : "")}, and sees {account.Home} of the share as /.");
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> SetAsync(Arguments arguments)
    {
        string name = CredentialRules.Prepare(arguments.Operands[0]);
        if (!Rules.Flags.Append(UserFlags.Key).Any(arguments.Has))
            throw CliException.Usage("There is nothing to change.", $"dialtone user set {name} --quota 10G");
        AccountsFile accounts = Open(arguments);
        accounts.Edit(all => Replace(all, name, account => Changed(account, arguments)));
        Tell(arguments, $"{name} was changed.");
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> PasswdAsync(Arguments arguments)
    {
        string name = CredentialRules.Prepare(arguments.Operands[0]);
        AccountsFile accounts = Open(arguments);
        if (accounts.Find(name) is null)
            throw Unknown(name);
        ScramVerifier verifier = ScramVerifier.Create(PasswordInput.Given(arguments) ?? PasswordInput.AskNew(name));
        accounts.Edit(all => Replace(all, name, account => account with { Password = verifier }));
        Tell(arguments, $"{name} has another password.");
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> RemoveAsync(Arguments arguments)
    {
        AccountsFile accounts = Open(arguments);
        string[] names = [.. arguments.Operands.Select(CredentialRules.Prepare)];
        accounts.Edit(all => names.FirstOrDefault(name => all.All(account => account.Name != name)) is { } unknown
            ? throw Unknown(unknown)
            : [.. all.Where(account => !names.Contains(account.Name))]);
        Tell(arguments, $"{string.Join(", ", names)} may log in no more; the files stay.");
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> ListAsync(Arguments arguments)
    {
        IReadOnlyList<Account> all = Open(arguments).All;
        if (arguments.Has(UserFlags.Json))
            UserList.WriteJson(all);
        else
            UserList.WriteTable(all);
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary>The account with what the flags say.</summary>
    private static Account Changed(Account account, Arguments arguments)
    {
        long? bytes = arguments.Get(UserFlags.Quota, new Limit(account.Quota?.Bytes)).Value;
        long? files = arguments.Get(UserFlags.QuotaFiles, new Limit(account.Quota?.Files)).Value;
        return account with
        {
            Home = arguments.Get(UserFlags.Home) ?? account.Home,
            Quota = bytes is null && files is null ? null : new Quota(bytes, files),
            Expires = arguments.Get(UserFlags.Expires, new Expiry(account.Expires)).At,
            Keys = arguments.Has(UserFlags.Key) ? [.. arguments.All(UserFlags.Key).Where(key => key != "none").Distinct()] : account.Keys,
            Rights = arguments.Has(UserFlags.Rights) ? RightsOf(arguments.All(UserFlags.Rights)) : account.Rights,
        };
    }

    private static Dictionary<VirtualPath, FileRights> RightsOf(IReadOnlyList<FolderRights> given)
    {
        var rights = new Dictionary<VirtualPath, FileRights>();
        foreach (FolderRights one in given)
        {
            if (!rights.TryAdd(one.Folder, one.Rights))
                throw CliException.Usage($"--rights names {one.Folder} twice.", "Write its rights with commas between: --rights read,list");
        }

        return rights;
    }

    private static Account[] Replace(IReadOnlyList<Account> all, string name, Func<Account, Account> change) => all.Any(account => account.Name == name)
        ? [.. all.Select(account => account.Name == name ? change(account) : account)]
        : throw Unknown(name);

    private static AccountsFile Open(Arguments arguments)
    {
        string path = PathOf(arguments);
        FileOwner.Check(path);
        return File.Exists(path)
            ? AccountsFile.Open(path)
            : throw new CliException(ExitCode.Files, $"There is no accounts file {path}.", "'dialtone user add NAME' makes it; --accounts FILE names another.");
    }

    private static void Tell(Arguments arguments, string what) =>
        Terminal.Say($"dialtone: {what}\n  {PathOf(arguments)}; a running server reads it at SIGHUP.");

    private static CliException Taken(string name) => CliException.Usage(
        $"There is a user {name} already.", $"'dialtone user set {name}' changes what they may do, 'dialtone user passwd {name}' the password.");

    private static CliException Unknown(string name) => CliException.Usage($"There is no user {Printable.Of(name)}.", "'dialtone user list' shows who there is.");
}
