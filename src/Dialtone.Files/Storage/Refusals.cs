namespace Dialtone.Files;

/// <summary>The sentences in which every store refuses, so that outside and absent, memory and disk read the same.</summary>
internal static class Refusals
{
    internal const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    internal const int MaxRecordBytes = 16 * 1024;

    internal static FileException NotFound => new(FileError.NotFound, "There is no such file or folder.");

    internal static FileException Exists => new(FileError.Exists, "The name is taken.");

    internal static FileException IsFolder => new(FileError.IsFolder, "It is a folder.");

    internal static FileException NotFolder => new(FileError.NotFolder, "A file stands where a folder is needed.");

    internal static FileException NotEmpty => new(FileError.NotEmpty, "The folder is not empty.");

    internal static FileException NotRegular => new(FileError.NotRegular, "It is neither a regular file nor a folder.");

    internal static FileException RootStays => new(FileError.BadPath, "The root itself cannot be changed so.");

    internal static FileException IntoItself => new(FileError.BadPath, "A folder cannot be moved into itself.");

    internal static FileException BadRange => new(FileError.BadRange, "The offset or length lies outside the file.");

    internal static FileException NoSuchUpload => new(FileError.NoSuchUpload, "There is no such interrupted upload.");

    internal static FileException DiskFull => new(FileError.DiskFull, "The disk is full.");

    internal static FileException Changed => new(FileError.Changed, "The file changed while it was read.");

    internal static FileException NoFreeName => new(FileError.Limit, "No free name was found.");

    /// <summary>What a target that stands in the way of content is called; null if it may be replaced.</summary>
    internal static FileException? InTheWay(FileKind kind) => kind switch
    {
        FileKind.File => null,
        FileKind.Folder => IsFolder,
        _ => NotRegular,
    };

    internal static void CheckRecord(ReadOnlyMemory<byte> record)
    {
        if (record.Length > MaxRecordBytes)
            throw new ArgumentException($"A record has at most {MaxRecordBytes} bytes.", nameof(record));
    }
}
