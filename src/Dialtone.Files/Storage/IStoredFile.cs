using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A file that is open for reading: one version of it, whole, until disposed.</summary>
public interface IStoredFile : IDisposable
{
    /// <summary>What it was when it was opened.</summary>
    FileEntry Entry { get; }

    /// <summary>The open file for sends in the kernel; null where the store has no such thing.</summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Reads at an offset: the count, 0 only at or beyond the end.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default);
}
