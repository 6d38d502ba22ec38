using System.Buffers;

namespace Dialtone.Files;

internal sealed class MemoryStagedFile(MemoryTree tree, string id, byte[] record) : IStagedFile
{
    private const int CopyBytes = 128 * 1024;

    public string Id => id;

    public long Length => Content.Length;

    public ReadOnlyMemory<byte> Record => record;

    internal MemoryContent Content { get; } = new(tree.Room);

    internal DateTimeOffset Written { get; private set; } = tree.Now;

    /// <summary>Whether somebody works on it; under the tree's gate.</summary>
    internal bool IsHeld { get; set; } = true;

    /// <summary>Published or discarded; under the tree's gate.</summary>
    internal bool IsSpent { get; set; }

    internal bool IsKept => record.Length > 0;

    internal MemoryTree Tree => tree;

    public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Begin(cancellationToken);
        Content.Append(content.Span);
        return default;
    }

    public async ValueTask AppendAsync(IStoredFile source, long offset, long count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            while (count > 0)
            {
                int read = await source.ReadAsync(offset, buffer.AsMemory(0, (int)Math.Min(CopyBytes, count)), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    throw Refusals.Changed;
                await AppendAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                offset += read;
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ValueTask AppendHoleAsync(long count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Begin(cancellationToken);
        Content.AppendHole(count);
        return default;
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Begin(cancellationToken);
        return new ValueTask<int>(Content.Read(offset, buffer.Span));
    }

    public ValueTask TruncateAsync(long length, CancellationToken cancellationToken)
    {
        Begin(cancellationToken);
        Content.Truncate(length);
        return default;
    }

    public ValueTask DiscardAsync()
    {
        lock (tree.Gate)
            Drop();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        lock (tree.Gate)
        {
            IsHeld = false;
            if (!IsKept)
                Drop();
        }

        return default;
    }

    /// <summary>Forgets it and gives its room back; under the tree's gate.</summary>
    internal void Drop()
    {
        if (IsSpent)
            return;
        IsSpent = true;
        tree.Staged.Remove(id);
        Content.Truncate(0);
    }

    private void Begin(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (tree.Gate)
            ObjectDisposedException.ThrowIf(IsSpent || !IsHeld, this);
        Written = tree.Now;
    }
}
