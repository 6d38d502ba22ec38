using Microsoft.Win32.SafeHandles;

namespace Dialtone.Commands;

/// <summary>A file that only this process can reach, and that is gone with its last descriptor.</summary>
internal static class PrivateTemporaryFile
{
    /// <exception cref="IOException">The folder of temporary files cannot be written.</exception>
    public static SafeFileHandle Open()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        FileOptions options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
        if (!OperatingSystem.IsWindows())
        {
            // Its name is gone before anything is in it, so that nothing is left behind even by a crash.
            using var made = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, options);
            File.Delete(path);
            return file;
        }

        return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, options);
    }
}
