namespace Dialtone.Files;

/// <summary>The words of the audit log. They are a format: none is ever changed.</summary>
internal static class AuditText
{
    internal static ReadOnlySpan<byte> Of(AuditEvent what) => what switch
    {
        AuditEvent.Login => "login"u8,
        AuditEvent.Logout => "logout"u8,
        AuditEvent.Upload => "upload"u8,
        AuditEvent.Download => "download"u8,
        AuditEvent.Remove => "remove"u8,
        AuditEvent.Rename => "rename"u8,
        AuditEvent.Copy => "copy"u8,
        AuditEvent.MakeFolder => "mkdir"u8,
        AuditEvent.SetAttributes => "set"u8,
        AuditEvent.Look => "look"u8,
        _ => "lost"u8,
    };

    internal static ReadOnlySpan<byte> Of(FileError error) => error switch
    {
        FileError.NotFound => "not-found"u8,
        FileError.Exists => "exists"u8,
        FileError.IsFolder => "is-folder"u8,
        FileError.NotFolder => "not-folder"u8,
        FileError.NotEmpty => "not-empty"u8,
        FileError.NotRegular => "not-regular"u8,
        FileError.BadPath => "bad-path"u8,
        FileError.Denied => "denied"u8,
        FileError.LoginRequired => "login-required"u8,
        FileError.LoginFailed => "login-failed"u8,
        FileError.QuotaExceeded => "quota-exceeded"u8,
        FileError.DiskFull => "disk-full"u8,
        FileError.ReadOnly => "read-only"u8,
        FileError.Corrupt => "corrupt"u8,
        FileError.Changed => "changed"u8,
        FileError.BadRange => "bad-range"u8,
        FileError.NoSuchUpload => "no-such-upload"u8,
        FileError.Limit => "limit"u8,
        FileError.BadRequest => "bad-request"u8,
        FileError.Unsupported => "unsupported"u8,
        _ => "failed"u8,
    };
}
