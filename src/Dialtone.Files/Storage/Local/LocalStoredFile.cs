using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

internal sealed class LocalStoredFile(FileCalls calls, SafeFileHandle file, FileEntry entry) : IStoredFile
{
    public FileEntry Entry => entry;

    public SafeFileHandle? Handle => file;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(Read(calls, file, buffer.Span, offset));
    }

    public void Dispose() => file.Dispose();

    internal static int Read(FileCalls calls, SafeFileHandle file, Span<byte> buffer, long offset)
    {
        long read;
        do
            read = calls.Read(file, buffer, offset);
        while (read == -Errno.Interrupted);
        Errno.Check(read);
        return (int)read;
    }
}
