using System.Buffers;
using System.Runtime.InteropServices;

namespace Dialtone;

/// <summary>One rented block in a chain. Bytes [0, <see cref="End"/>) hold data; <see cref="Start"/> marks what the reader has consumed.</summary>
internal sealed class Segment : ReadOnlySequenceSegment<byte>
{
    private const int WholePerThread = 2; // one received into, one sent from
    private const int BarePerThread = 16;

    [ThreadStatic]
    private static Cache? CacheOfThread;

    private IMemoryOwner<byte>? _owner;
    private Memory<byte> _block;

    public int Start { get; set; }

    public int End { get; private set; }

    public Memory<byte> Writable => _block[End..];

    public Span<byte> WritableSpan => _block.Span[End..];

    /// <summary>How many bytes <see cref="Writable"/> has.</summary>
    public int Room => _block.Length - End;

    public ReadOnlyMemory<byte> Unread => _block[Start..End];

    public Segment? Following => (Segment?)Next;

    /// <summary>A segment with at least so many bytes, on the budget.</summary>
    /// <exception cref="TransportException">The budget is used up.</exception>
    public static Segment Rent(BufferBudget budget, int bytes) => TryRent(budget, bytes) ?? throw BufferBudget.UsedUp();

    /// <summary>As <see cref="Rent"/>; null where the budget is used up.</summary>
    public static Segment? TryRent(BufferBudget budget, int bytes)
    {
        Cache cache = CacheOfThread ??= new Cache();
        if (bytes <= BlockPool.SmallBytes && budget.IsOfBlocks && cache.TryPop(withBlock: true) is { } whole)
        {
            if (budget.TryHold(whole._block.Length))
                return whole;
            cache.TryPush(whole, withBlock: true);
        }

        if (budget.TryRent(bytes) is not { } owner)
            return null;
        Segment segment = cache.TryPop(withBlock: false) ?? new Segment();
        segment._owner = owner;
        segment._block = owner.Memory;
        return segment;
    }

    /// <summary>Somebody else's memory, full, until the segment is returned.</summary>
    public static Segment Lend(ReadOnlyMemory<byte> content)
    {
        Segment segment = (CacheOfThread ??= new Cache()).TryPop(withBlock: false) ?? new Segment();
        segment._block = MemoryMarshal.AsMemory(content); // only ever read: there is no room behind its end
        segment.Commit(content.Length);
        return segment;
    }

    public void Return(BufferBudget budget)
    {
        Memory = default;
        Start = End = 0;
        RunningIndex = 0;
        Next = null;
        Cache cache = CacheOfThread ??= new Cache();

        // Small blocks stay with their segment: that is what nearly every message uses.
        if (_owner is not null && _block.Length == BlockPool.SmallBytes && budget.IsOfBlocks && cache.TryPush(this, withBlock: true))
        {
            budget.Release(BlockPool.SmallBytes);
            return;
        }

        IMemoryOwner<byte>? owner = _owner;
        _owner = null;
        _block = default;
        cache.TryPush(this, withBlock: false);
        if (owner is not null)
            budget.Return(owner);
    }

    /// <summary>Gives the block back and leaves the rest as it is; the segment is not used again.</summary>
    public void Abandon(BufferBudget budget)
    {
        if (Interlocked.Exchange(ref _owner, null) is { } owner)
            budget.Return(owner);
    }

    public void Commit(int bytes)
    {
        End += bytes;
        Memory = _block[..End];
    }

    public void Append(Segment next)
    {
        next.RunningIndex = RunningIndex + End;
        Next = next;
    }

    /// <summary>The segments a thread keeps: some with a small block, some bare.</summary>
    private sealed class Cache
    {
        private readonly Segment?[] _whole = new Segment?[WholePerThread];
        private readonly Segment?[] _bare = new Segment?[BarePerThread];
        private int _wholeCount;
        private int _bareCount;

        public Segment? TryPop(bool withBlock) => withBlock ? Pop(_whole, ref _wholeCount) : Pop(_bare, ref _bareCount);

        public bool TryPush(Segment segment, bool withBlock) => withBlock ? Push(_whole, ref _wholeCount, segment) : Push(_bare, ref _bareCount, segment);

        private static Segment? Pop(Segment?[] from, ref int count) => count == 0 ? null : from[--count];

        private static bool Push(Segment?[] onto, ref int count, Segment segment)
        {
            if (count == onto.Length)
                return false;
            onto[count++] = segment;
            return true;
        }
    }
}
