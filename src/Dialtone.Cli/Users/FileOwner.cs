using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>Whose a file of secrets is.</summary>
internal static partial class FileOwner
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint WantsOwner = 8;      // STATX_UID
    private const int OwnerOffset = 20;     // of stx_uid in struct statx, 256 bytes on every architecture

    /// <summary>Refuses a file of somebody else: that one decides who logs in, and an edit would take the file away from them.</summary>
    /// <exception cref="CliException">The file is somebody else's.</exception>
    public static void Check(string path)
    {
        Span<byte> status = stackalloc byte[256];
        if (!OperatingSystem.IsLinux() || GetStatus(CurrentFolder, path, 0, WantsOwner, status) != 0)
            return;
        uint owner = BinaryPrimitives.ReadUInt32LittleEndian(status[OwnerOffset..]);
        if (owner != GetUser())
        {
            throw new CliException(
                ExitCode.Files, $"{path} belongs to another user of this machine (number {owner}).", $"Run this as its owner: sudo -u '#{owner}' dialtone …");
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetStatus(int folder, string path, int flags, uint wanted, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetUser();
}
