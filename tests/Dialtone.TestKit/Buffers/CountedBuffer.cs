using System.Buffers;

namespace Dialtone;

/// <summary>One rented buffer. Every access to its memory passes here, which is how a use after return is noticed.</summary>
internal sealed class CountedBuffer : MemoryManager<byte>
{
    private readonly CountingBufferPool _pool;
    private readonly byte[] _bytes;
    private readonly string? _rentedAt;
    private volatile bool _isReturned;

    public CountedBuffer(CountingBufferPool pool, int bytes, string? rentedAt)
    {
        _pool = pool;
        _rentedAt = rentedAt;
        // Pinned, since a system call may be given its address.
        _bytes = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        _bytes.AsSpan().Fill(CountingBufferPool.FreshByte);
    }

    public int Length => _bytes.Length;

    public bool IsPoisonIntact => !_bytes.AsSpan().ContainsAnyExcept(CountingBufferPool.PoisonByte);

    // The base class would ask the span for its length, which is no access.
    public override Memory<byte> Memory => CreateMemory(_bytes.Length);

    public void Poison()
    {
        _isReturned = true;
        _bytes.AsSpan().Fill(CountingBufferPool.PoisonByte);
    }

    public override Span<byte> GetSpan()
    {
        ThrowIfReturned();
        return _bytes;
    }

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ThrowIfReturned();
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _bytes.Length);
        fixed (byte* first = _bytes)
            return new MemoryHandle(first + elementIndex, default, this);
    }

    public override void Unpin()
    {
        // The array never moves.
    }

    public override string ToString() => $"a buffer of {_bytes.Length} bytes{(_rentedAt is null ? "" : $", rented{Environment.NewLine}{_rentedAt}{Environment.NewLine}")}";

    protected override bool TryGetArray(out ArraySegment<byte> segment)
    {
        ThrowIfReturned();
        segment = new ArraySegment<byte>(_bytes);
        return true;
    }

    protected override void Dispose(bool disposing) => _pool.Return(this);

    private void ThrowIfReturned()
    {
        if (_isReturned)
            throw _pool.UsedAfterReturn(this);
    }
}
