using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>A socket by its descriptor: the calls that blocking and non-blocking transports share.</summary>
internal abstract unsafe class DescriptorTransport(int descriptor, PeerKey peer, bool keepsMessages, bool blocks) : Transport
{
    private const int ClosedBit = 1 << 30; // no more calls; whoever leaves last closes the descriptor
    private const int GoneBit = 1 << 29;   // the descriptor was given back
    private const int MaxChain = 16; // blocks in one call: up to a mebibyte
    private const int MaxQuickBytes = 64 * 1024; // a copy that a collection can wait for

    [ThreadStatic]
    private static MemoryHandle[]? PinsOfThread;

    private readonly int _descriptor = descriptor;
    private int _users; // calls under way, plus the two bits
    private volatile bool _aborted;

    public override PeerKey PeerKey { get; } = peer;

    public override int Descriptor => _descriptor;

    public override bool KeepsMessages { get; } = keepsMessages;

    public override EndPoint? LocalEndPoint => UnixSockets.GetName(_descriptor, peer: false);

    public override EndPoint? RemoteEndPoint => PeerKey.ToEndPoint() ?? UnixSockets.GetName(_descriptor, peer: true);

    public override bool IsBlocking => blocks;

    public override bool CanSendAtOnce
    {
        get
        {
            if (!blocks)
                return true;
            Enter();
            bool isWritable = IsWritable(_descriptor);
            Exit();
            return isWritable;
        }
    }

    public override bool CanSendFile => true;

    /// <summary>Holds the descriptor open for one call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Enter()
    {
        if ((Interlocked.Increment(ref _users) & ClosedBit) != 0)
        {
            Exit();
            throw TransportException.Closed();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Exit()
    {
        if (Interlocked.Decrement(ref _users) == ClosedBit)
            CloseDescriptor();
    }

    private void CloseDescriptor()
    {
        // Once only: a late Enter and Exit may bring the count back to ClosedBit.
        if (Interlocked.CompareExchange(ref _users, ClosedBit | GoneBit, ClosedBit) == ClosedBit)
            _ = close(_descriptor);
    }

    public override int NextMessageBytes
    {
        get
        {
            if (!KeepsMessages)
                return 0;
            Enter();
            byte unused;
            nint length = recv(_descriptor, &unused, 0, MSG_PEEK | MSG_TRUNC);
            Exit();
            return (int)Math.Max(0, length);
        }
    }

    /// <summary>Whether the kernel has bytes, the end or an error for the next receive.</summary>
    protected bool Peek()
    {
        Enter();
        try
        {
            byte unused;
            return recv(_descriptor, &unused, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || Marshal.GetLastPInvokeError() != EAGAIN;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Whether a call with so many bytes neither waits nor takes long, so that it may go to the kernel the short way.</summary>
    private bool IsQuick(int bytes) => !blocks && bytes <= MaxQuickBytes;

    private int LastError(int bytes) => IsQuick(bytes) ? Marshal.GetLastSystemError() : Marshal.GetLastPInvokeError();

    public override int TryReceive(Memory<byte> buffer)
    {
        Enter();
        try
        {
            if (_aborted)
                throw AbortedError(); // what came before the abort is not to be had any more
            fixed (byte* pointer = buffer.Span)
            {
                while (true)
                {
                    int flags = KeepsMessages ? MSG_TRUNC : 0;
                    nint count = IsQuick(buffer.Length)
                        ? recv_now(_descriptor, pointer, buffer.Length, flags)
                        : recv(_descriptor, pointer, buffer.Length, flags);
                    if (count >= 0)
                    {
                        if (count == 0 && IsEndedHere)
                            throw EndedHere();
                        if (count > buffer.Length)
                            throw Error(EMSGSIZE);
                        return (int)count;
                    }

                    int error = LastError(buffer.Length);
                    if (error == EAGAIN)
                        return WouldBlock;
                    if (error != EINTR)
                        throw IsEndedHere ? EndedHere() : Error(error);
                }
            }
        }
        finally
        {
            Exit();
        }
    }

    public override int TrySend(ReadOnlyMemory<byte> buffer)
    {
        Enter();
        try
        {
            fixed (byte* pointer = buffer.Span)
            {
                while (true)
                {
                    nint count = IsQuick(buffer.Length)
                        ? send_now(_descriptor, pointer, buffer.Length, MSG_NOSIGNAL)
                        : send(_descriptor, pointer, buffer.Length, MSG_NOSIGNAL);
                    if (count >= 0)
                        return (int)count;
                    int error = LastError(buffer.Length);
                    if (error == EAGAIN)
                        return WouldBlock;
                    if (error != EINTR)
                        throw SendError(error);
                }
            }
        }
        finally
        {
            Exit();
        }
    }

    public override int TrySendChain(Segment first)
    {
        Span<MemoryHandle> pins = PinsOfThread ??= new MemoryHandle[MaxChain];
        IoVector* vectors = stackalloc IoVector[MaxChain];
        int count = 0;
        Enter();
        try
        {
            for (Segment? each = first; each is not null && count < MaxChain; each = each.Following)
            {
                pins[count] = each.Unread.Pin();
                vectors[count] = new IoVector { Base = pins[count].Pointer, Length = each.Unread.Length };
                count++;
            }

            var message = new MessageHeader { Vectors = vectors, VectorCount = count };
            while (true)
            {
                nint sent = sendmsg(_descriptor, &message, MSG_NOSIGNAL);
                if (sent >= 0)
                    return (int)sent;
                int error = Marshal.GetLastPInvokeError();
                if (error == EAGAIN)
                    return WouldBlock;
                if (error != EINTR)
                    throw SendError(error);
            }
        }
        finally
        {
            for (int i = 0; i < count; i++)
                pins[i].Dispose();
            Exit();
        }
    }

    public override long TrySendFile(SafeFileHandle file, long offset, long count)
    {
        bool held = false;
        Enter();
        try
        {
            file.DangerousAddRef(ref held);
            while (true)
            {
                long position = offset;
                nint sent = sendfile(_descriptor, (int)file.DangerousGetHandle(), &position, (nint)Math.Min(count, 0x7FFF_F000)); // the kernel's own cap
                if (sent >= 0)
                    return sent;
                int error = Marshal.GetLastPInvokeError();
                if (error == EAGAIN)
                    return WouldBlock;
                if (error != EINTR)
                    throw SendError(error);
            }
        }
        finally
        {
            if (held)
                file.DangerousRelease();
            Exit();
        }
    }

    public override ValueTask FinishSendingAsync()
    {
        Enter();
        _ = shutdown(_descriptor, SHUT_WR);
        Exit();
        return default;
    }

    public override void Abort(bool reset)
    {
        if ((Interlocked.Increment(ref _users) & ClosedBit) == 0)
        {
            _aborted = true;
            if (!reset || !Reset(_descriptor))
                _ = shutdown(_descriptor, SHUT_RDWR);
            WakeAll();
        }

        Exit();
    }

    /// <summary>Wakes every waiter, so that it meets the error.</summary>
    protected abstract void WakeAll();

    public override void Dispose()
    {
        Unwatch();
        Interlocked.Increment(ref _users); // holds the descriptor for what is done to it here
        int before = Interlocked.Or(ref _users, ClosedBit);
        if (blocks && before > 1 && (before & ClosedBit) == 0)
            _ = shutdown(_descriptor, SHUT_RDWR); // or a call that blocks would hold it for as long as the peer likes
        WakeAll();
        Exit();
    }

    /// <summary>Takes the descriptor out of its loop before it is closed.</summary>
    protected abstract void Unwatch();

    private bool IsEndedHere => _aborted || (Volatile.Read(ref _users) & ClosedBit) != 0;

    private TransportException EndedHere() => _aborted ? AbortedError() : TransportException.Closed();

    private TransportException SendError(int error) => IsEndedHere ? EndedHere()
        : error == EPIPE ? new TransportException(TransportError.PeerReset, "The peer no longer takes data, or sending was finished.", error)
        : Error(error);
}
