using System.Runtime.InteropServices;

namespace Dialtone.Files;

/// <summary>Numbers of Linux that differ between processors, and the flags the store opens with. <see cref="SelfTest"/> proves them on the running kernel.</summary>
internal static class OpenFlags
{
    internal const int Write = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoControllingTerminal = 0x100, NonBlocking = 0x800,
        CloseOnExec = 0x80000, PathOnly = 0x200000;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int Directory { get; } = IsArm ? 0x4000 : 0x10000;

    internal static int NoFollow { get; } = IsArm ? 0x8000 : 0x20000;

    internal static bool IsSupported { get; } = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>A folder to work in: reading it and making it durable need a real descriptor.</summary>
    internal static int Folder { get; } = Directory | NoFollow | CloseOnExec;

    /// <summary>A folder only to pass through.</summary>
    internal static int Step { get; } = PathOnly | Directory | NoFollow | CloseOnExec;

    /// <summary>A file to read: a pipe does not hold us up, a terminal does not become ours, a link is not followed.</summary>
    internal static int Reading { get; } = NoFollow | NonBlocking | NoControllingTerminal | CloseOnExec;

    internal static int NewFile { get; } = ReadWrite | Create | Exclusive | NoFollow | CloseOnExec;

    /// <summary>Whether the kernel understands the flags as we do: with wrong numbers a link would be followed.</summary>
    internal static bool SelfTest(FileCalls calls)
    {
        int folder = calls.Open(null, "/dev/null\0"u8, Directory | CloseOnExec, 0, out _);
        int link = calls.Open(null, "/proc/self\0"u8, NoFollow | CloseOnExec, 0, out _);
        return folder is -Errno.NotDirectory or -Errno.NoEntry && link is -Errno.Loop or -Errno.NoEntry;
    }
}
