using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>The terminal itself: letters as they are typed.</summary>
internal static partial class TerminalScreen
{
    private const int OpenReadWrite = 2;
    private const int SetAfterOutput = 1;

    /// <summary>Larger than any system's struct termios, which nothing here looks into.</summary>
    private const int SettingsBytes = 256;

    /// <summary>Opens the terminal to read letters as they are typed.</summary>
    /// <exception cref="CliException">There is no terminal.</exception>
    public static RawInput OpenRaw()
    {
        if (OperatingSystem.IsWindows())
            throw new CliException(ExitCode.Failed, "There is no terminal to ask on.");
        int terminal = Open("/dev/tty", OpenReadWrite);
        if (terminal < 0)
            throw new CliException(ExitCode.Failed, "There is no terminal to ask on.");
        byte[] saved = new byte[SettingsBytes];
        if (GetSettings(terminal, saved) != 0)
        {
            _ = Close(terminal);
            throw new CliException(ExitCode.Failed, "There is no terminal to ask on.");
        }

        return new RawInput(terminal, saved);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, Span<byte> buffer, nint length);

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetSettings(int descriptor, Span<byte> settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetSettings(int descriptor, int when, ReadOnlySpan<byte> settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(Span<byte> settings);

    /// <summary>A terminal to read from. What was typed ahead is kept from line to line.</summary>
    internal sealed class RawInput(int terminal, byte[] saved) : IDisposable
    {
        private const int Interrupted = 4; // EINTR
        private readonly byte[] _buffer = new byte[256];
        private readonly byte[] _raw = MadeRaw(saved);
        private int _next;
        private int _end;

        /// <summary>From now on letters come as they are typed, none is shown, and Ctrl-C is a letter as well.</summary>
        public void Begin() => _ = SetSettings(terminal, SetAfterOutput, _raw);

        /// <summary>Gives the terminal back as it was.</summary>
        public void End() => _ = SetSettings(terminal, SetAfterOutput, saved);

        /// <summary>The next byte; −1 at the end. Waits on the calling thread, which is what a prompt is for.</summary>
        public int ReadByte()
        {
            if (_next == _end && !Fill())
                return -1;
            return _buffer[_next++];
        }

        /// <summary>Whether a byte has come already: what follows an Escape key's code in one go is an arrow's, alone it is the key.</summary>
        public bool HasMore => _next < _end;

        public void Dispose() => _ = Close(terminal);

        private static byte[] MadeRaw(byte[] settings)
        {
            byte[] raw = [.. settings];
            MakeRaw(raw);
            return raw;
        }

        private bool Fill()
        {
            nint count;
            do
                count = Read(terminal, _buffer, _buffer.Length);
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            (_next, _end) = (0, (int)Math.Max(0, count));
            return count > 0;
        }
    }
}
