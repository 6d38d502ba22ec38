using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Cli;

/// <summary>Asks on the terminal the tool was started from, wherever standard input and output go.</summary>
internal static partial class Keyboard
{
    private const int Echo = 8;                                        // ECHO of termios(3), the same on Linux and macOS
    private const int Interrupted = 4;                                 // EINTR
    private const int NowAndForgetTyped = 2;                           // TCSAFLUSH
    private const int MaxLineBytes = 4096;
    private const int LookMilliseconds = 50;                           // how soon an interruption is noticed
    private static readonly int LocalFlags = OperatingSystem.IsMacOS() ? 24 : 12; // where c_lflag stands in struct termios

    /// <summary>Asks a question and reads a line that is not shown while it is typed.</summary>
    /// <returns>Null where there is no terminal, or it was closed with Ctrl-D.</returns>
    /// <exception cref="OperationCanceledException">It was interrupted, and the process lives on to end in order.</exception>
    public static string? AskHidden(string question)
    {
        if (Open() is not { } terminal)
            return null;
        using (terminal)
        {
            Span<byte> settings = stackalloc byte[256]; // struct termios has 60 bytes on Linux and 72 on macOS
            if (GetSettings(terminal.SafeFileHandle, settings) != 0)
                return null;
            byte[] before = settings.ToArray();
            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(settings[LocalFlags..]);
            BinaryPrimitives.WriteUInt32LittleEndian(settings[LocalFlags..], flags & ~(uint)Echo);
            bool isInterrupted = false;
            void Restore() => _ = SetSettings(terminal.SafeFileHandle, NowAndForgetTyped, before);
            void Interrupt()
            {
                Restore();
                Volatile.Write(ref isInterrupted, true);
            }

            // Whoever interrupts gets a terminal back that shows what is typed.
            PosixSignal[] endings = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
            PosixSignalRegistration[] registrations = [.. endings.Select(signal => PosixSignalRegistration.Create(signal, _ => Interrupt()))];
            try
            {
                _ = SetSettings(terminal.SafeFileHandle, NowAndForgetTyped, settings);
                terminal.Write(Encoding.UTF8.GetBytes(question));
                return ReadLine(terminal, () => Volatile.Read(ref isInterrupted));
            }
            finally
            {
                Restore();
                terminal.Write("\n"u8);
                foreach (PosixSignalRegistration registration in registrations)
                    registration.Dispose();
            }
        }
    }

    /// <summary>Whether there is a terminal to ask on.</summary>
    public static bool HasTerminal
    {
        get
        {
            using FileStream? terminal = Open();
            return terminal is not null;
        }
    }

    private static FileStream? Open()
    {
        try
        {
            return new FileStream("/dev/tty", new FileStreamOptions { Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? ReadLine(FileStream terminal, Func<bool> isInterrupted)
    {
        var line = new byte[MaxLineBytes];
        int count = 0;
        while (true)
        {
            WaitForKeys(terminal, isInterrupted);
            int next = terminal.ReadByte();
            if (next == '\n' || (next < 0 && count > 0))
                break;
            if (next < 0)
                return null;
            if (count < line.Length)
                line[count++] = (byte)next;
        }

        return Encoding.UTF8.GetString(line, 0, count);
    }

    /// <summary>A read from the terminal cannot be called off; this wait before it can.</summary>
    private static void WaitForKeys(FileStream terminal, Func<bool> isInterrupted)
    {
        var keys = new Watched { Descriptor = (int)terminal.SafeFileHandle.DangerousGetHandle(), Wanted = 1 /* POLLIN */ };
        do
        {
            if (isInterrupted())
                throw new OperationCanceledException();
        }
        while (Poll(ref keys, 1, LookMilliseconds) == 0 || (keys.Found == 0 && Marshal.GetLastPInvokeError() == Interrupted));
    }

    /// <summary><c>struct pollfd</c>.</summary>
    private struct Watched
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Watched watched, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetSettings(SafeFileHandle terminal, Span<byte> settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetSettings(SafeFileHandle terminal, int when, ReadOnlySpan<byte> settings);
}
