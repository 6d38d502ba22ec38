using System.Buffers;

namespace Dialtone;

/// <summary>The buffers of one server: rented from a pool, counted against one bound.</summary>
internal sealed class BufferBudget(MemoryPool<byte> pool, long maxBytes)
{
    private long _held;

    /// <summary>Bytes rented now.</summary>
    public long HeldBytes => Volatile.Read(ref _held);

    /// <summary>Whether buffers come from <see cref="BlockPool"/>, whose small blocks a thread may keep for any server.</summary>
    public bool IsOfBlocks { get; } = pool is BlockPool;

    /// <summary>Rents at least <paramref name="bytes"/>, or throws when the server's bound would be passed.</summary>
    /// <exception cref="TransportException">The budget is used up.</exception>
    public IMemoryOwner<byte> Rent(int bytes) => TryRent(bytes) ?? throw UsedUp();

    public static TransportException UsedUp() =>
        new(TransportError.Aborted, "The server's memory budget is used up.") { CloseReason = CloseReason.MemoryLimit };

    /// <summary>Rents at least <paramref name="bytes"/>; null when the server's bound would be passed.</summary>
    public IMemoryOwner<byte>? TryRent(int bytes)
    {
        IMemoryOwner<byte> owner = pool.Rent(bytes);
        if (TryHold(owner.Memory.Length))
            return owner;
        owner.Dispose();
        return null;
    }

    public void Return(IMemoryOwner<byte> owner)
    {
        Release(owner.Memory.Length);
        owner.Dispose();
    }

    /// <summary>Counts bytes that the caller has; false, and not counted, when the server's bound would be passed.</summary>
    public bool TryHold(int bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= maxBytes)
            return true;
        Release(bytes);
        return false;
    }

    /// <summary>The opposite of <see cref="TryHold"/>.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _held, -bytes);
}
