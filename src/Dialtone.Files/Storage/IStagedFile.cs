namespace Dialtone.Files;

/// <summary>Content on its way in. Appended to, then published; disposed without that it is kept if it has a record, and removed otherwise.</summary>
public interface IStagedFile : IAsyncDisposable
{
    /// <summary>128 random bits as 32 hex digits.</summary>
    string Id { get; }

    /// <summary>Bytes so far.</summary>
    long Length { get; }

    /// <summary>What was kept beside it, for whoever continues it. The store does not look inside.</summary>
    ReadOnlyMemory<byte> Record { get; }

    /// <summary>Adds to the end.</summary>
    ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Adds a part of a stored file, within the system where it can.</summary>
    ValueTask AppendAsync(IStoredFile source, long offset, long count, CancellationToken cancellationToken = default);

    /// <summary>Leaves a hole of so many zero bytes, where the store keeps holes.</summary>
    ValueTask AppendHoleAsync(long count, CancellationToken cancellationToken = default);

    /// <summary>Reads back what is there, to verify it before it is continued.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Drops everything from <paramref name="length"/> on.</summary>
    ValueTask TruncateAsync(long length, CancellationToken cancellationToken = default);

    /// <summary>Removes it now, record and all.</summary>
    ValueTask DiscardAsync();
}

/// <summary>Kept content that can be continued.</summary>
/// <param name="Id">What <see cref="IFileStore.ResumeAsync"/> takes.</param>
/// <param name="Record">What its owner left beside it.</param>
/// <param name="Length">Bytes so far.</param>
/// <param name="Written">When it was last written.</param>
public sealed record StagedEntry(string Id, ReadOnlyMemory<byte> Record, long Length, DateTimeOffset Written);
