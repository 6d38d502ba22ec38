using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>One message that came in on a datagram address, with its sender.</summary>
/// <remarks>
/// A datagram is lent to its handler until the handler's task ends (in a session: until the next one is asked for). After that the object
/// and its memory serve other datagrams: copy what must live longer. A reply may leave late, twice or never, as any datagram may.
/// </remarks>
public sealed class Datagram : IConversation, IDatagramWork
{
    /// <summary>Room for the longest address there is (<c>struct sockaddr_storage</c>).</summary>
    internal const int NameBytes = 128;

    /// <summary>Waits between attempts to reply to a peer whose queue is full: 31 ms in all.</summary>
    private static readonly TimeSpan[] ReplyRetries = [.. new[] { 1, 2, 4, 8, 16 }.Select(static each => TimeSpan.FromMilliseconds(each))];

    private readonly DatagramService _service;
    private DatagramListener _listener = null!;
    private IMemoryOwner<byte>? _owner;
    private int _length;
    private bool _isTruncated;
    private bool _isLent;
    private EndPoint? _from;
    private ExecutionContext? _context;

    internal Datagram(DatagramService service) => _service = service;

    /// <summary>What was sent; empty for an empty datagram, which is a message like any other.</summary>
    public ReadOnlyMemory<byte> Payload
    {
        get
        {
            ThrowIfOver();
            return _owner is null ? default : _owner.Memory[.._length];
        }
    }

    /// <summary>Who sent it: an <see cref="IPEndPoint"/>, a <see cref="UnixDomainSocketEndPoint"/>, or null for a Unix socket without a name.</summary>
    public EndPoint? From
    {
        get
        {
            ThrowIfOver();
            return _from ??= PeerNames.ToEndPoint(Peer);
        }
    }

    /// <summary>Whether it was longer than <see cref="ServerLimits.MaxDatagramBytes"/>: the payload is its beginning, the rest is lost.</summary>
    public bool Truncated
    {
        get
        {
            ThrowIfOver();
            return _isTruncated;
        }
    }

    /// <summary>Whether there is somewhere to reply to: false only for Unix sockets without a name.</summary>
    public bool CanReply
    {
        get
        {
            ThrowIfOver();
            return PeerNames.IsNamed(Peer);
        }
    }

    /// <summary>The address it came in on.</summary>
    public Address Address
    {
        get
        {
            ThrowIfOver();
            return _listener.Address;
        }
    }

    /// <summary>Cancelled when the server begins to drain: finish what is in hand and return. Replies still leave until the drain's deadline.</summary>
    public CancellationToken Closing => _service.Host.Closing.Token;

    /// <summary>The sender's address as the system wrote it. Its <see cref="SocketAddress.Size"/> says how much of the buffer counts.</summary>
    internal SocketAddress Peer { get; } = new(AddressFamily.InterNetwork, NameBytes);

    internal DatagramListener Listener => _listener;

    /// <summary>When its handling began, as a timestamp of the server's time.</summary>
    internal long Started { get; set; }

    /// <summary>Whether it holds one of the places that <see cref="ServerLimits.MaxQueuedDatagrams"/> counts.</summary>
    internal bool HoldsPlace { get; set; }

    /// <summary>Keeps its sender beyond the loan, to send to later.</summary>
    /// <exception cref="InvalidOperationException">The sender has no name: see <see cref="CanReply"/>.</exception>
    public DatagramSender KeepSender()
    {
        ThrowIfOver();
        return PeerNames.IsNamed(Peer) ? new DatagramSender(_listener, Peer) : throw new InvalidOperationException("The sender has no name to send to.");
    }

    /// <summary>Whether a kept sender is this one's.</summary>
    public bool IsFrom(DatagramSender sender)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ThrowIfOver();
        return sender.Is(_listener, Peer);
    }

    /// <summary>Answers from the socket it came in on, without waiting.</summary>
    /// <returns>False when it could not leave: the sender has no name or is gone, a queue is full, or the server has stopped.</returns>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public bool Reply(ReadOnlySpan<byte> payload)
    {
        ThrowIfOver();
        return PeerNames.IsNamed(Peer) && DatagramDrops.Counted(_listener.Reply(this, payload));
    }

    /// <summary>Answers from the socket it came in on; where a queue is full, tries again for some 30 ms.</summary>
    /// <returns>As <see cref="Reply"/>.</returns>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public ValueTask<bool> ReplyAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        ThrowIfOver();
        if (!PeerNames.IsNamed(Peer))
            return new ValueTask<bool>(false);
        SendOutcome outcome = _listener.Reply(this, payload.Span);
        return outcome == SendOutcome.QueueFull
            ? RetryAsync(_listener, Peer, payload, _service.Host.Clock.Time, cancellationToken)
            : new ValueTask<bool>(DatagramDrops.Counted(outcome));
    }

    internal static async ValueTask<bool> RetryAsync(
        DatagramListener listener, SocketAddress peer, ReadOnlyMemory<byte> payload, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (TimeSpan pause in ReplyRetries)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            SendOutcome outcome = listener.Send(payload.Span, peer);
            if (outcome != SendOutcome.QueueFull)
                return DatagramDrops.Counted(outcome);
        }

        return DatagramDrops.Counted(SendOutcome.QueueFull);
    }

    /// <summary>Lends it out with what the loop just received into its own buffer.</summary>
    internal void Lend(DatagramListener listener, int length, bool isTruncated)
    {
        _listener = listener;
        _length = length;
        _isTruncated = isTruncated;
        _from = null;
        _isLent = true;
    }

    /// <summary>Gives it a buffer of its own; empty datagrams need none.</summary>
    internal void SetBuffer(IMemoryOwner<byte>? owner) => _owner = owner;

    /// <summary>Takes its buffer away.</summary>
    internal IMemoryOwner<byte>? TakeBuffer()
    {
        IMemoryOwner<byte>? owner = _owner;
        _owner = null;
        return owner;
    }

    internal Memory<byte> Buffer => _owner!.Memory;

    /// <summary>The end of the loan.</summary>
    internal void Recall() => _isLent = false;

    /// <summary>Marks this thread, and what its handler awaits, as working for this datagram. Allocates only the first time.</summary>
    internal void Enter()
    {
        if (_context is null)
        {
            DatagramWork.MakeCurrent(this);
            _context = ExecutionContext.Capture();
        }

        if (_context is not null)
            ExecutionContext.Restore(_context);
    }

    // ---- as one of the things a policy runs ----

    EpollLoop? IConversation.Loop => null;

    Task IConversation.RunAsync() => _service.RunAsync(this);

    void IConversation.Start() => _ = _service.RunAsync(this);

    void IConversation.Reject(CloseReason reason) => _service.Drop(this, reason);

    DatagramService IDatagramWork.Service => _service;

    Straggler? IDatagramWork.Describe() => Describe();

    internal Straggler Describe() => new(
        0, PeerNames.ToEndPoint(Peer), "handling a datagram", _service.Host.Clock.Time.GetElapsedTime(Started), _length, 0);

    private void ThrowIfOver() => ObjectDisposedException.ThrowIf(!_isLent, this);
}
