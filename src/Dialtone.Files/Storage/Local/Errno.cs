using System.ComponentModel;

namespace Dialtone.Files;

/// <summary>What the system answers when it refuses, and what that means to a caller. x86-64 and arm64 share the numbers.</summary>
internal static class Errno
{
    internal const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, Io = 5, NoDevice = 6, TryAgain = 11, NoMemory = 12, Access = 13, Busy = 16,
        Exists = 17, CrossDevice = 18, NotDirectory = 20, IsDirectory = 21, Invalid = 22, FileTableFull = 23, TooManyFiles = 24, TooLarge = 27, NoSpace = 28,
        ReadOnlyDisk = 30, TooManyLinks = 31, NameTooLong = 36, NoSystemCall = 38, NotEmpty = 39, Loop = 40, NotSupported = 95, Quota = 122;

    /// <summary>What a negative result means.</summary>
    internal static FileException Refusal(long result)
    {
        int error = (int)-result;
        return error switch
        {
            NoEntry or Loop or CrossDevice => Refusals.NotFound, // a link or a mount on the way: outside and absent look the same
            NotDirectory => Refusals.NotFolder,
            Exists => Refusals.Exists,
            IsDirectory => Refusals.IsFolder,
            NotEmpty => Refusals.NotEmpty,
            NoDevice => Refusals.NotRegular,
            NoSpace or Quota => With(Refusals.DiskFull, error),
            NameTooLong => new FileException(FileError.BadPath, "The name is too long for the disk."),
            NotPermitted or Access => With(new FileException(FileError.Denied, "The server's disk does not let it do that."), error),
            ReadOnlyDisk => With(new FileException(FileError.ReadOnly, "The disk cannot be written."), error),
            TooLarge or TooManyLinks => With(new FileException(FileError.Limit, "The disk does not hold files that large, or so many."), error),
            TooManyFiles or FileTableFull or NoMemory => With(new FileException(FileError.Failed, "The server is out of resources."), error),
            _ => With(new FileException(FileError.Failed, "The disk or the system failed."), error),
        };
    }

    internal static void Check(long result)
    {
        if (result < 0)
            throw Refusal(result);
    }

    private static FileException With(FileException refusal, int error) => new(refusal.Reason, refusal.Message, new Win32Exception(error));
}
