using System.Buffers;
using System.Collections.Concurrent;

namespace Dialtone;

/// <summary>
/// Pinned blocks in three sizes (4, 16 and 64 KiB), cached per thread over a shared bounded store. What connections rent while bytes are in
/// hand, and give back before they wait.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    public const int SmallBytes = 4 * 1024;
    private const int LargestBytes = 64 * 1024;
    private const int PerThread = 16;
    private static readonly int[] SharedCapacity = [4096, 512, 256]; // 16 MiB, 8 MiB and 16 MiB at most are kept; the rest goes to the collector

    [ThreadStatic]
    private static Cache[]? ThreadCaches;

    private readonly ConcurrentQueue<Block>[] _shared = [new(), new(), new()];
    private readonly int[] _sharedCount = new int[3];

    public static new BlockPool Shared { get; } = new();

    public override int MaxBufferSize => int.MaxValue;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize > LargestBytes)
            return MemoryPool<byte>.Shared.Rent(minBufferSize);
        int size = minBufferSize <= SmallBytes ? 0 : minBufferSize <= SmallBytes * 4 ? 1 : 2;
        Block block = CacheOf(size).TryPop() ?? TakeShared(size) ?? new Block(this, size);
        block.Rented();
        return block;
    }

    private Block? TakeShared(int size)
    {
        if (!_shared[size].TryDequeue(out Block? block))
            return null;
        Interlocked.Decrement(ref _sharedCount[size]);
        return block;
    }

    private void Return(Block block)
    {
        if (CacheOf(block.Size).TryPush(block))
            return;
        if (Interlocked.Increment(ref _sharedCount[block.Size]) <= SharedCapacity[block.Size])
            _shared[block.Size].Enqueue(block);
        else
            Interlocked.Decrement(ref _sharedCount[block.Size]);
    }

    private static Cache CacheOf(int size) => (ThreadCaches ??= [new(), new(), new()])[size];

    protected override void Dispose(bool disposing)
    {
        // Shared by the whole process; the collector has it when nothing uses it any more.
    }

    private sealed class Cache
    {
        private readonly Block?[] _blocks = new Block?[PerThread];
        private int _count;

        public Block? TryPop() => _count == 0 ? null : _blocks[--_count];

        public bool TryPush(Block block)
        {
            if (_count == PerThread)
                return false;
            _blocks[_count++] = block;
            return true;
        }
    }

    private sealed class Block(BlockPool pool, int size) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(SmallBytes << (size * 2), pinned: true);
        private int _isRented;

        public int Size => size;

        public Memory<byte> Memory => _bytes;

        public void Rented() => _isRented = 1;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isRented, 0) == 1)
                pool.Return(this);
        }
    }
}
