namespace Dialtone.Files;

/// <summary>Why a request about files was refused. PROTOCOL.md gives each its code on the wire.</summary>
public enum FileError
{
    /// <summary>There is no such file or folder, or it may not be reached: outside and absent look the same.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>A folder stands where a file is needed.</summary>
    IsFolder,

    /// <summary>A file stands where a folder is needed.</summary>
    NotFolder,

    /// <summary>The folder has content and was to be removed alone.</summary>
    NotEmpty,

    /// <summary>It is neither a regular file nor a folder: a link, device, pipe or socket.</summary>
    NotRegular,

    /// <summary>The name or path cannot be used; see <see cref="VirtualPath"/>.</summary>
    BadPath,

    /// <summary>The account may not do this here.</summary>
    Denied,

    /// <summary>Nobody has logged in, and strangers may not do this.</summary>
    LoginRequired,

    /// <summary>Name and proof do not belong together, or the account has expired.</summary>
    LoginFailed,

    /// <summary>The account's quota in bytes or files would be passed.</summary>
    QuotaExceeded,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>The disk cannot be written.</summary>
    ReadOnly,

    /// <summary>The content is not what its length or digest says. Nothing was published.</summary>
    Corrupt,

    /// <summary>The file changed while it was read.</summary>
    Changed,

    /// <summary>The offset or length lies outside the file.</summary>
    BadRange,

    /// <summary>There is no such interrupted upload, or it belongs to somebody else.</summary>
    NoSuchUpload,

    /// <summary>A limit was reached: sessions, transfers, entries, depth.</summary>
    Limit,

    /// <summary>The request cannot be understood.</summary>
    BadRequest,

    /// <summary>This server does not do that.</summary>
    Unsupported,

    /// <summary>The disk or the system failed. Whether the effect took place is unknown only where the message says so.</summary>
    Failed,
}
