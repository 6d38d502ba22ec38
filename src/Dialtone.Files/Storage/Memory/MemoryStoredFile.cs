using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

internal sealed class MemoryStoredFile(FileEntry entry, MemoryContent content) : IStoredFile
{
    public FileEntry Entry => entry;

    public SafeFileHandle? Handle => null;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(content.Read(offset, buffer.Span));
    }

    public void Dispose()
    {
    }
}
