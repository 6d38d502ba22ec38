using System.Buffers;

namespace Dialtone;

/// <summary>One rented block in a chain. Bytes [0, <see cref="End"/>) hold data; <see cref="Start"/> marks what the reader has consumed.</summary>
internal sealed class Segment : ReadOnlySequenceSegment<byte>
{
    private const int PerThread = 32;

    [ThreadStatic]
    private static Segment? Free;

    [ThreadStatic]
    private static int FreeCount;

    private IMemoryOwner<byte>? _owner;
    private Memory<byte> _block;

    public int Start { get; set; }

    public int End { get; private set; }

    public Memory<byte> Writable => _block[End..];

    public ReadOnlyMemory<byte> Unread => _block[Start..End];

    public Segment? Following => (Segment?)Next;

    public static Segment Rent(BufferBudget budget, int bytes)
    {
        IMemoryOwner<byte> owner = budget.Rent(bytes);
        Segment segment;
        if (Free is { } free)
        {
            segment = free;
            Free = segment.Following;
            FreeCount--;
            segment.Next = null;
        }
        else
        {
            segment = new Segment();
        }

        segment._owner = owner;
        segment._block = owner.Memory;
        return segment;
    }

    public void Return(BufferBudget budget)
    {
        IMemoryOwner<byte> owner = _owner!;
        _owner = null;
        _block = default;
        Memory = default;
        Start = End = 0;
        RunningIndex = 0;
        Next = null;
        if (FreeCount < PerThread)
        {
            Next = Free;
            Free = this;
            FreeCount++;
        }

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
}
