using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>Standard output or error by plain write(2).</summary>
/// <remarks>
/// The console's own stream first sets the terminal up for reading keys, which writes to it. A file stream keeps an offset of its own, and would
/// overwrite what others write to the same redirected file.
/// </remarks>
internal sealed partial class StandardOutput(int descriptor, bool failsWhenGone) : WriteOnlyStream
{
    private const int Interrupted = 4;                                          // EINTR
    private const int Gone = 32;                                                // EPIPE
    private const short Writable = 4;                                           // POLLOUT
    private static readonly int TryAgain = OperatingSystem.IsMacOS() ? 35 : 11; // EAGAIN

    /// <summary>Whether its reader has left.</summary>
    public bool IsGone { get; private set; }

    /// <exception cref="IOException">It cannot be written; also when its reader has left, if that is to fail.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty && !IsGone)
        {
            nint count = Write(descriptor, buffer, buffer.Length);
            int error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (count >= 0)
                buffer = buffer[(int)count..];
            else if (error == TryAgain)
                WaitUntilWritable();
            else if (error == Gone)
                IsGone = true;
            else if (error != Interrupted)
                throw new IOException($"Standard output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        if (IsGone && failsWhenGone)
            throw new IOException("Whoever read standard output has left.");
    }

    private void WaitUntilWritable()
    {
        var wait = new PollEntry { Descriptor = descriptor, Events = Writable };
        _ = Poll(ref wait, 1, -1);
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> buffer, nint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
