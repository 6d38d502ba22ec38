namespace Dialtone.Files;

/// <summary>The numbers of the native protocol that both sides go by. PROTOCOL.md states them.</summary>
internal static class NativeLimits
{
    /// <summary>The version spoken here. A client states the highest it speaks; the answer is the one both do.</summary>
    public const int Version = 1;

    /// <summary>The longest header of somebody who may do nothing yet.</summary>
    public const int MaxHeaderBeforeLogin = 4 * 1024;

    /// <summary>The longest header.</summary>
    public const int MaxHeader = 64 * 1024;

    /// <summary>The longest body that is not a file: a manifest, a page of a listing.</summary>
    public const int MaxTextBody = 4 * 1024 * 1024;

    /// <summary>A refused put's body up to this is read and dropped; beyond it the connection ends.</summary>
    public const int MaxDropped = 1024 * 1024;

    /// <summary>Files up to this length travel in one piece, their digest in the header that announces them.</summary>
    public const int SmallFile = 128 * 1024;

    /// <summary>The longest chunk of a body whose length nobody knows.</summary>
    public const int MaxChunk = 16 * 1024 * 1024;

    /// <summary>Entries in one page of a listing, and in one manifest.</summary>
    public const int MaxEntries = 10_000;

    /// <summary>Puts of one connection that may wait to become durable; then nothing more is read from it.</summary>
    public const int MaxUncommitted = 256;

    /// <summary>Failed log-ins before the connection ends: as OpenSSH and most FTP servers.</summary>
    public const int MaxFailedLogins = 3;

    /// <summary>Unknown commands before the connection ends, as vsftpd counts them.</summary>
    public const int MaxUnknownCommands = 50;

    /// <summary>How long a caller may take from its first byte to its log-in.</summary>
    public static readonly TimeSpan LoginTime = TimeSpan.FromSeconds(30);

    /// <summary>How long a refused caller in the middle of a long body has to read the answer before the connection ends.</summary>
    public static readonly TimeSpan LastWordTime = TimeSpan.FromSeconds(3);
}
