namespace Dialtone.Files;

/// <summary>What an audit record tells of.</summary>
public enum AuditEvent
{
    /// <summary>A log-in, right or wrong.</summary>
    Login,

    /// <summary>A session ended.</summary>
    Logout,

    /// <summary>Content came in.</summary>
    Upload,

    /// <summary>Content went out.</summary>
    Download,

    /// <summary>A file, link or folder was removed.</summary>
    Remove,

    /// <summary>Something got another name.</summary>
    Rename,

    /// <summary>A file was copied within the server.</summary>
    Copy,

    /// <summary>A folder was made.</summary>
    MakeFolder,

    /// <summary>Times or permission bits were set.</summary>
    SetAttributes,

    /// <summary>A look at something was refused.</summary>
    Look,

    /// <summary>Records were lost: the disk was full, or more came than could be written.</summary>
    Lost,
}
