using System.Net;

namespace Dialtone.Engines;

/// <summary>Called once when a transport that had nothing to give may have something, on the thread the policy chose.</summary>
internal interface IReadyWaiter : IThreadPoolWorkItem
{
    void OnReady();
}

/// <summary>On which thread a waiter runs.</summary>
internal enum ReadyOn
{
    /// <summary>On the loop thread that saw the event.</summary>
    Loop,

    /// <summary>On the thread pool.</summary>
    Pool,

    /// <summary>Nobody waits: every call blocks until it is done.</summary>
    CallerBlocks,
}

/// <summary>
/// One connected byte stream (or packet sequence), at the level of system calls. The seam between the library and its engines.
/// </summary>
/// <remarks>
/// At most one receive and one send are under way at a time; they may overlap each other. <see cref="Abort"/> may be called
/// from any thread at any time and wakes whoever waits. <see cref="Dispose"/> comes last and once; a call that overlaps it
/// finishes first, so that a descriptor number is never used after it was given back.
/// </remarks>
internal abstract class Transport : IDisposable
{
    public const int WouldBlock = -1;

    /// <summary>Why this side aborted: what the exceptions of later calls say. Set before <see cref="Abort"/>.</summary>
    public CloseReason AbortReason { get; set; }

    /// <summary>False when a receive would certainly have to wait, so that no buffer need be rented for it.</summary>
    public virtual bool MayReceive => true;

    /// <summary>Whether a receive would certainly not have to wait, as far as that can be found out without receiving.</summary>
    public virtual bool HasInput => false;

    /// <summary>True when every call blocks its thread until done.</summary>
    public virtual bool IsBlocking => false;

    /// <summary>Whether a send of a few bytes would not hold its caller up.</summary>
    public virtual bool CanSendAtOnce => !IsBlocking;

    /// <summary>What moves the bytes, below all layers.</summary>
    public virtual Transport Bottom => this;

    /// <summary>True when each receive gives one whole message (SOCK_SEQPACKET).</summary>
    public virtual bool KeepsMessages => false;

    /// <summary>The length of the message that the next receive would give, where <see cref="KeepsMessages"/>; otherwise 0.</summary>
    public virtual int NextMessageBytes => 0;

    public abstract EndPoint? LocalEndPoint { get; }

    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>The address part of <see cref="RemoteEndPoint"/> without allocation, for limits and penalties.</summary>
    public abstract PeerKey PeerKey { get; }

    /// <summary>The descriptor, or −1 where there is none (memory).</summary>
    public abstract int Descriptor { get; }

    /// <summary>Receives what is there: the count, 0 when the peer has finished sending, or <see cref="WouldBlock"/>.</summary>
    /// <exception cref="TransportException">The connection broke or was aborted.</exception>
    public abstract int TryReceive(Memory<byte> buffer);

    /// <summary>Where <see cref="IsBlocking"/>: blocks until a receive would not, or the token is cancelled. At once where the wait cannot be called off.</summary>
    public virtual void BlockUntilReceivable(CancellationToken cancellationToken)
    {
    }

    /// <summary>Calls the waiter once a receive may get on, at once if it may already.</summary>
    public abstract void WaitToReceive(IReadyWaiter waiter);

    /// <summary>Calls the waiter soon whatever the socket says, after others had their turn.</summary>
    public virtual void Yield(IReadyWaiter waiter) => ThreadPool.UnsafeQueueUserWorkItem(waiter, preferLocal: false);

    /// <summary>Sends what fits now: the count, or <see cref="WouldBlock"/>.</summary>
    /// <exception cref="TransportException">The connection broke or was aborted.</exception>
    public abstract int TrySend(ReadOnlyMemory<byte> buffer);

    /// <summary>As <see cref="TrySend"/> for a chain of blocks: as many in one call as the transport can.</summary>
    public virtual int TrySendChain(Segment first) => TrySend(first.Unread);

    /// <summary>Sends all of it, waiting as needed. The caller keeps the buffer until the task ends.</summary>
    /// <exception cref="TransportException">The connection broke or was aborted.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>Tells the peer that nothing more will be sent. TLS sends its close_notify first.</summary>
    public abstract ValueTask FinishSendingAsync();

    /// <summary>Ends the connection now; <paramref name="reset"/> asks for a reset instead of an orderly end where the transport knows one.</summary>
    public abstract void Abort(bool reset);

    /// <summary>Sends part of a file in the kernel where it can; false when this transport cannot.</summary>
    public virtual bool CanSendFile => false;

    /// <summary>Sends up to <paramref name="count"/> bytes of a file: the number sent, 0 at its end, or <see cref="WouldBlock"/>.</summary>
    public virtual long TrySendFile(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long count) => throw new NotSupportedException();

    /// <summary>Waits until a send may get on.</summary>
    public virtual ValueTask WaitToSendAsync() => default;

    public abstract void Dispose();

    protected TransportException AbortedError() =>
        new(TransportError.Aborted, $"This side ended the connection ({AbortReason}).") { CloseReason = AbortReason };
}
