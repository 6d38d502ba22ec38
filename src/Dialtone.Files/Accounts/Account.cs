using System.Diagnostics;

namespace Dialtone.Files;

/// <summary>Somebody who may log in: how they prove it, where their files are, and what they may do there.</summary>
[DebuggerDisplay("{Name}")]
public sealed record Account
{
    private static readonly Dictionary<VirtualPath, FileRights> Everything = new() { [VirtualPath.Root] = FileRights.All };

    /// <summary>The name to log in with, as <see cref="CredentialRules.Prepare"/> makes it; <see cref="AccountRules.CheckName"/> says what it may be.</summary>
    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    public required string Name
    {
        get;
        init => field = AccountRules.CheckName(value) is { } problem ? throw new ArgumentException(problem, nameof(value)) : CredentialRules.Prepare(value);
    }

    /// <summary>What proves the password; null for an account without one. It is no password, and still a secret.</summary>
    public ScramVerifier? Password { get; init; }

    /// <summary>Fingerprints of client keys that log in without a password, as <see cref="CertificateFingerprint"/> writes them.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The folder of the share that the account sees as its root. Made at the first log-in.</summary>
    public required VirtualPath Home { get; init; }

    /// <summary>Rights by folder, written from the home ("/" is the home itself). The deepest folder that holds a path decides, alone. Default everything.</summary>
    /// <remarks>Where no folder listed holds a path, there are no rights.</remarks>
    public IReadOnlyDictionary<VirtualPath, FileRights> Rights { get; init; } = Everything;

    /// <summary>How much the home may hold; null for no limit. Accounts that share a home share what it holds, and the strictest of their quotas.</summary>
    public Quota? Quota { get; init; }

    /// <summary>From when on the account is refused, sessions that are open included; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>What the account may do at a path of its own.</summary>
    public FileRights RightsAt(VirtualPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        FileRights rights = FileRights.None;
        int deepest = -1;
        foreach ((VirtualPath folder, FileRights given) in Rights)
        {
            if (folder.Names.Count > deepest && path.IsWithin(folder))
                (rights, deepest) = (given, folder.Names.Count);
        }

        return rights;
    }

    /// <summary>Whether the account may do something at a path and everywhere below it.</summary>
    public bool MayThroughout(VirtualPath path, FileRights wanted)
    {
        ArgumentNullException.ThrowIfNull(path);
        if ((RightsAt(path) & wanted) != wanted)
            return false;
        foreach ((VirtualPath folder, FileRights given) in Rights)
        {
            if ((given & wanted) != wanted && folder.IsWithin(path))
                return false;
        }

        return true;
    }

    /// <summary>Whether the account has expired.</summary>
    public bool HasExpired(DateTimeOffset now) => Expires is { } end && now >= end;
}
