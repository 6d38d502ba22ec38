using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>Standard output whose <c>WriteAsync</c> never waits for its reader on the caller's thread: what a pipe does not take at once, a worker writes.</summary>
/// <param name="descriptor">Its number. Whether it blocks is left as it is: others may share it.</param>
/// <param name="output">The same, written as usual.</param>
internal sealed partial class NonBlockingOutput(int descriptor, Stream output) : WriteOnlyStream
{
    private const int NoWait = 8;        // RWF_NOWAIT of pwritev2(2); pipes know it since Linux 6.4
    private const int NotSupported = 95; // EOPNOTSUPP
    private const int FromHere = 1;      // SEEK_CUR
    private readonly bool _hasReader = Seek(descriptor, 0, FromHere) < 0; // what can be sought in is a file, and waits for nobody
    private bool _mayTry = OperatingSystem.IsLinux();

    public override void Write(ReadOnlySpan<byte> buffer) => output.Write(buffer);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_hasReader)
        {
            output.Write(buffer.Span);
            return;
        }

        ReadOnlyMemory<byte> rest = buffer[TryWrite(buffer.Span)..];
        if (!rest.IsEmpty)
            await Task.Run(() => output.Write(rest.Span), cancellationToken);
    }

    /// <summary>How much was written at once. After an error nothing: the usual write will meet it.</summary>
    private unsafe int TryWrite(ReadOnlySpan<byte> buffer)
    {
        if (!_mayTry)
            return 0;
        try
        {
            fixed (byte* pointer = buffer)
            {
                var vector = new IoVector { Base = pointer, Length = buffer.Length };
                nint count = TryWrite(descriptor, &vector, 1, -1, NoWait);
                if (count < 0 && Marshal.GetLastPInvokeError() == NotSupported)
                    _mayTry = false;
                return (int)Math.Max(0, count);
            }
        }
        catch (EntryPointNotFoundException)
        {
            _mayTry = false; // musl before 1.2.5
            return 0;
        }
    }

    private unsafe struct IoVector
    {
        public void* Base;
        public nint Length;
    }

    [LibraryImport("libc", EntryPoint = "pwritev2", SetLastError = true)]
    private static unsafe partial nint TryWrite(int descriptor, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int descriptor, long offset, int whence);
}
