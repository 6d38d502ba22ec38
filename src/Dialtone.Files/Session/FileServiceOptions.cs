using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>A share: its files, who may come, and its bounds. No bound can be switched off by 0.</summary>
public sealed record FileServiceOptions
{
    /// <summary>Where the files are. The service does not dispose it.</summary>
    public required IFileStore Store { get; init; }

    /// <summary>Who may log in; null for nobody.</summary>
    public IAccounts? Accounts { get; init; }

    /// <summary>What callers may do without logging in, in the whole share. Default nothing.</summary>
    public FileRights Anonymous { get; init; }

    /// <summary>An HMAC challenge stands in front: whoever comes in may list, read and write without logging in.</summary>
    public bool DoorOpens { get; init; }

    /// <summary>How much the whole share may hold; null for no limit.</summary>
    public Quota? ShareQuota { get; init; }

    /// <summary>Where it is written down who did what; null for nowhere. The service does not dispose it.</summary>
    public AuditLog? Audit { get; init; }

    /// <summary>Sessions of one account at a time. Default 128: a hundred clients of one account, and room. At least 1.</summary>
    public int MaxSessionsPerUser { get; init => field = AtLeast(value, 1); } = 128;

    /// <summary>Sessions from one address (IPv6: one /64) at a time. Default 256. At least 1.</summary>
    public int MaxSessionsPerAddress { get; init => field = AtLeast(value, 1); } = 256;

    /// <summary>Uploads and downloads of one account at a time, those waiting for the disk included. Default 1,024: clients pipeline small files by the hundred. At least 1.</summary>
    public int MaxTransfersPerUser { get; init => field = AtLeast(value, 1); } = 1024;

    /// <summary>Uploads and downloads from one address at a time. Default 2,048. At least 1.</summary>
    public int MaxTransfersPerAddress { get; init => field = AtLeast(value, 1); } = 2048;

    /// <summary>How long an interrupted upload can be continued. Default 24 h.</summary>
    public TimeSpan UploadAge { get; init => field = Positive(value); } = TimeSpan.FromHours(24);

    /// <summary>How long a transfer may stand still. Default 60 s, as vsftpd's data timeout allows for less than a minute of silence.</summary>
    public TimeSpan StalledTransfer { get; init => field = Positive(value); } = TimeSpan.FromSeconds(60);

    /// <summary>How long a session may wait between two requests. Default 300 s, as vsftpd.</summary>
    public TimeSpan SessionIdle { get; init => field = Positive(value); } = TimeSpan.FromSeconds(300);

    /// <summary>How long a log-in by password is remembered, so that the next one of the same account costs no hashing. Default one minute.</summary>
    public TimeSpan RememberLogin { get; init => field = Positive(value); } = TimeSpan.FromMinutes(1);

    /// <summary>Log-ins by password that may wait for their hashing; those beyond are told to try later. Default 256. At least 1.</summary>
    public int MaxWaitingLogins { get; init => field = AtLeast(value, 1); } = 256;

    /// <summary>The longest a log-in by password waits for its hashing; then it is told to try later. Default 60 s: a hundred at once on one slow processor.</summary>
    public TimeSpan MaxLoginWait { get; init => field = Positive(value); } = TimeSpan.FromSeconds(60);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hashes passwords of log-ins in clear text; the service makes one of its own if null. The service does not dispose it.</summary>
    public PasswordHasher? Hasher { get; init; }

    /// <summary>Who is kept out after failed log-ins: the server's own table, so that they are kept out at the door. The service makes one if null.</summary>
    public PenaltyTable? Penalties { get; init; }

    /// <summary>Where to log; null for nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    private static int AtLeast(int value, int least)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least);
        return value;
    }

    private static TimeSpan Positive(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        return value;
    }
}
