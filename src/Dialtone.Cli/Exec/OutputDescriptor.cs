using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>
/// Standard output or error as the system has it. Not the console's stream, which says nothing when nobody reads any more, nor a file's, which
/// would write over what others append to the same file.
/// </summary>
internal sealed partial class OutputDescriptor(int descriptor) : Stream
{
    private const int Interrupted = 4, NoRoomYet = 11;
    private static readonly TimeSpan RoomTick = TimeSpan.FromMilliseconds(5);

    public static Stream Output { get; } = OperatingSystem.IsWindows() ? Terminal.OpenOutput() : new OutputDescriptor(1);

    public static Stream Error { get; } = OperatingSystem.IsWindows() ? Terminal.OpenError() : new OutputDescriptor(2);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">Nobody reads, or the disk is full.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            nint count = Write(descriptor, buffer.Span, buffer.Length);
            if (count >= 0)
            {
                buffer = buffer[(int)count..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == NoRoomYet)
                await Task.Delay(RoomTick, cancellationToken);
            else if (error != Interrupted)
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, default).GetAwaiter().GetResult();

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> buffer, nint count);
}
