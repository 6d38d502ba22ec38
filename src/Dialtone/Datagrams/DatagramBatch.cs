using System.Runtime.CompilerServices;

namespace Dialtone;

/// <summary>Datagrams to various peers that leave with one system call where there is one for it.</summary>
/// <remarks>One user at a time. Its memory is pinned: slots of a name and a datagram.</remarks>
internal sealed unsafe class DatagramBatch(int maxDatagramBytes)
{
    public const int Most = 64;
    private readonly byte[] _slots = GC.AllocateUninitializedArray<byte>(Most * (Datagram.NameBytes + maxDatagramBytes), pinned: true);
    private readonly int[] _lengths = new int[Most];
    private readonly DatagramSender?[] _peers = new DatagramSender?[Most];
    private DatagramListener? _listener;

    public int Count { get; private set; }

    /// <summary>Where the next datagram is to be written before it is added.</summary>
    public Span<byte> Next => new(Bytes(Count), maxDatagramBytes);

    /// <summary>Adds what was written to <see cref="Next"/>. What was added leaves when there is no room for more, or at <see cref="Flush"/>.</summary>
    public void Add(int length, DatagramSender peer)
    {
        if (_listener != peer.Listener && Count > 0)
        {
            Span<byte> written = Next[..length];
            Flush();
            written.CopyTo(Next);
        }

        _listener = peer.Listener;
        _lengths[Count] = length;
        _peers[Count++] = peer;
        if (Count == Most)
            Flush();
    }

    public void Flush()
    {
        if (Count == 0)
            return;
        _listener!.SendMany(this);
        _peers.AsSpan(0, Count).Clear();
        Count = 0;
    }

    public byte* Bytes(int index) => Name(index) + Datagram.NameBytes;

    public int Length(int index) => _lengths[index];

    public DatagramSender Peer(int index) => _peers[index]!;

    /// <summary>Where its peer's name may be put for the system call.</summary>
    public byte* Name(int index) => (byte*)Unsafe.AsPointer(ref _slots[index * (Datagram.NameBytes + maxDatagramBytes)]);
}
