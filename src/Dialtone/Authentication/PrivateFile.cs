using System.Security.Cryptography;

namespace Dialtone;

/// <summary>Files that only their owner reads, and files that are whole or absent.</summary>
/// <remarks>Every method throws a <see cref="TrustException"/> that says what is wrong and what to do. On Windows the folder's rights decide who reads.</remarks>
public static class PrivateFile
{
    /// <summary>Mode 0600.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    /// <summary>Mode 0700.</summary>
    public const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;

    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const UnixFileMode Others = WritableByOthers
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const int TemporaryDigits = 12;
    private const string TemporaryEnd = ".tmp";

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <summary>The whole of a secret file, which nobody but its owner may read or write.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="maxBytes">A longer one is refused.</param>
    /// <exception cref="TrustException">It is missing, too long, or open to others.</exception>
    public static byte[] Read(string path, int maxBytes) => Read(path, maxBytes, Others, "read or written");

    /// <summary>As <see cref="Read(string, int)"/>, of a file that belongs to us or to root: whoever owns it could change it at any time.</summary>
    /// <exception cref="TrustException">It is missing, too long, or open to others.</exception>
    public static byte[] ReadOwn(string path, int maxBytes) => Read(path, maxBytes, Others, "read or written", mustOwn: true);

    /// <summary>The whole of a public file that decides whom we trust: others may read it, not write it.</summary>
    /// <exception cref="TrustException">It is missing, too long, or open to others.</exception>
    public static byte[] ReadTrusted(string path, int maxBytes) => Read(path, maxBytes, WritableByOthers, "written");

    /// <summary>
    /// Writes a file so that a reader sees the old content or the new, also after a power cut, and no reader but those in <paramref name="mode"/> ever sees
    /// either. Whoever replaces a file that others may write too holds its <see cref="Lock"/>.
    /// </summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="content">The whole of it.</param>
    /// <param name="mode">Who may read it.</param>
    /// <param name="replace">False refuses to replace an existing file. Default true.</param>
    /// <exception cref="TrustException">It cannot be written, and what was there is still there; or the disk did not confirm it.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode, bool replace = true)
    {
        string temporary = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TemporaryDigits / 2))}{TemporaryEnd}";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = mode;
            using (var file = new FileStream(temporary, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, replace);
            FolderSync.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
            RemoveLeftovers(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new TrustException(TrustError.FileUnusable, $"Cannot write {path}: {e.Message}", e);
        }
    }

    /// <summary>Makes the folder of <paramref name="path"/> when it is missing, for its owner alone.</summary>
    /// <exception cref="TrustException">It cannot be made.</exception>
    public static void MakeFolderOf(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerOnlyFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException(TrustError.FileUnusable, $"Cannot make the folder {folder}: {e.Message}", e);
        }
    }

    /// <summary>Holds <c>path.lock</c> against every other process until disposed.</summary>
    /// <exception cref="TrustException">Somebody else held it for 5 s.</exception>
    public static IDisposable Lock(string path)
    {
        FileStream? held = null;
        IOException? last = null;
        SpinWait.SpinUntil(() => (held = TryLock(path + ".lock", out last)) is not null, LockPatience);
        return held ?? throw new TrustException(TrustError.FileUnusable, $"Cannot lock {path}: {last?.Message}", last);
    }

    // What writers left that were killed. Nobody else is writing now: whoever replaces holds the lock, and whoever creates has come too late.
    private static void RemoveLeftovers(string path)
    {
        string name = Path.GetFileName(path) + ".";
        try
        {
            foreach (FileInfo file in new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).EnumerateFiles())
            {
                if (file.Name.Length == name.Length + TemporaryDigits + TemporaryEnd.Length
                    && file.Name.StartsWith(name, StringComparison.Ordinal) && file.Name.EndsWith(TemporaryEnd, StringComparison.Ordinal))
                {
                    file.Delete();
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's file with such a name: what was to be written is.
        }
    }

    private static FileStream? TryLock(string path, out IOException? why)
    {
        try
        {
            why = null;
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            return new FileStream(path, options);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            why = e;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException(TrustError.FileUnusable, $"Cannot lock {path}: {e.Message}", e);
        }
    }

    private static byte[] Read(string path, int maxBytes, UnixFileMode forbidden, string verb, bool mustOwn = false)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            // Asked of the open file, so that nobody can swap it between the question and the reading.
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & forbidden) != 0)
            {
                throw new TrustException(TrustError.FileTooOpen,
                    $"{path} can be {verb} by others. Run: chmod {(forbidden == Others ? "600" : "go-w")} {path}");
            }
            if (mustOwn && !FileOwner.IsUsOrRoot(file.SafeFileHandle))
                throw new TrustException(TrustError.FileTooOpen, $"{path} belongs to another user. Run this as that user, or give the file to this one with chown.");
            return ReadAll(file, path, maxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException(TrustError.FileUnusable, $"Cannot read {path}: {e.Message}", e);
        }
    }

    // A key may come through a pipe, whose length is not known before its end.
    private static byte[] ReadAll(FileStream file, string path, int maxBytes)
    {
        var buffer = new byte[4096];
        int count = 0;
        try
        {
            while (true)
            {
                int read = file.Read(buffer.AsSpan(count));
                if (read == 0)
                    return buffer[..count];
                count += read;
                if (count > maxBytes)
                    throw new TrustException(TrustError.FileMalformed, $"{path} is longer than {maxBytes} bytes.");
                if (count == buffer.Length)
                {
                    byte[] larger = new byte[Math.Min(buffer.Length * 2, maxBytes + 1)];
                    buffer.CopyTo(larger, 0);
                    CryptographicOperations.ZeroMemory(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
