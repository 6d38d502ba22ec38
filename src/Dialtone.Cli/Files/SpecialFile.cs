using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>Devices, pipes and the like: content goes into them, and nothing may take their place.</summary>
internal static partial class SpecialFile
{
    private const int CurrentFolder = -100;                            // AT_FDCWD
    private const uint WantsKind = 1;                                  // STATX_TYPE
    private const int ModeOffset = 28;                                 // of stx_mode in struct statx, 256 bytes on every architecture
    private const int KindMask = 0xF000, Folder = 0x4000, File = 0x8000;

    /// <summary>Whether one stands at a path, links followed.</summary>
    public static bool Is(string path)
    {
        Span<byte> status = stackalloc byte[256];
        return OperatingSystem.IsLinux() && GetStatus(CurrentFolder, path, 0, WantsKind, status) == 0
            && (BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]) & KindMask) is not (Folder or File);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetStatus(int folder, string path, int flags, uint wanted, Span<byte> status);
}
