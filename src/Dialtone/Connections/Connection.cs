using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;
using Dialtone.Engines;
using Microsoft.Win32.SafeHandles;

namespace Dialtone;

/// <summary>
/// One conversation: a byte stream both ways (over SOCK_SEQPACKET and only there, a sequence of messages), the same on every kind of address,
/// engine and side.
/// </summary>
/// <remarks>
/// One read and one write may be under way at a time; they may overlap each other. <see cref="Abort()"/> may be called from anywhere.
/// The server closes the connection when its handler ends; a client disposes it.
/// </remarks>
public sealed class Connection : IAsyncDisposable, IDeadline, IConversation
{
    private const int MaxLingerBytes = 4 * 1024 * 1024;
    private const int DropBytes = 64 * 1024;
    private const int LooksPerGrace = 8; // at the rate: as late as every deadline may be
    private static readonly AsyncLocal<Connection?> CurrentOne = new();

    // Ten thousand of these wait at a time: what few conversations need stands in Extras.
    private readonly ConnectionHost _host;
    private readonly InputReader _input;
    private OutputWriter? _output;
    private ConnectionExtras? _extras;
    private long _bytesReceived;
    private long _bytesSent;
    private long _lastActivity;    // milliseconds of the coarse clock, as all times here
    private long _readWaitSince;   // 0 while no read waits
    private long _writeWaitSince;  // 0 while no write waits; moves on with every byte that leaves
    private int _readTimeout;      // milliseconds; 0 for none
    private int _writeTimeout;
    private int _closeReason;
    private int _isDisposed;
    private bool _isLingering;
    private volatile bool _waitsForTurn;

    internal Connection(ConnectionHost host, Transport transport, Address address)
    {
        _host = host;
        Transport = transport;
        Address = address;
        Id = host.NextId();
        _input = new InputReader(this);
        StartedAt = _lastActivity = host.Clock.Now;
        ReadTimeout = host.Limits.Read;
        WriteTimeout = host.Limits.Write;
    }

    /// <summary>The connection whose handler runs here, if one does.</summary>
    public static Connection? Current => CurrentOne.Value;

    /// <summary>A number that no other connection of this server or dialer has; what log lines call it by.</summary>
    public long Id { get; }

    /// <summary>The address that was listened on, or called.</summary>
    public Address Address { get; }

    /// <summary>What the peer sends. A read returns what has arrived; on SOCK_SEQPACKET exactly one message.</summary>
    public PipeReader Input => _input;

    /// <summary>What is sent to the peer: buffered until flushed, then sent at once.</summary>
    public PipeWriter Output => _output ??= new OutputWriter(this);

    /// <summary>The connection as a <see cref="System.IO.Stream"/>, sharing the buffers of <see cref="Input"/> and <see cref="Output"/>.</summary>
    public Stream Stream => Extras.Stream ??= new ConnectionStream(this);

    /// <summary>The address at this end, where it has one.</summary>
    public EndPoint? LocalEndPoint => Transport.LocalEndPoint;

    /// <summary>The peer's address: an <see cref="IPEndPoint"/>, a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>, or none. Behind a trusted proxy, the caller's own.</summary>
    public EndPoint? RemoteEndPoint => _extras?.ProxiedRemote ?? Transport.RemoteEndPoint;

    /// <summary>Who connected to a Unix socket; null on other addresses and where the system does not tell.</summary>
    public unsafe PeerCredentials? PeerCredentials
    {
        get
        {
            if (!Address.IsUnix || Transport.Descriptor < 0 || !OperatingSystem.IsLinux())
                return null;
            PeerCredentials credentials;
            int length = sizeof(PeerCredentials);
            return Linux.getsockopt(Transport.Descriptor, Linux.SOL_SOCKET, Linux.SO_PEERCRED, &credentials, &length) == 0 ? credentials : null;
        }
    }

    /// <summary>
    /// Cancelled when the server begins to drain: finish what is in hand and return. The connection itself stays usable until the drain's deadline.
    /// </summary>
    public CancellationToken Closing => _host.Closing.Token;

    /// <summary>Why the connection ended; <see cref="CloseReason.None"/> while it lives.</summary>
    public CloseReason CloseReason => (CloseReason)Volatile.Read(ref _closeReason);

    /// <summary>Bytes received so far, as the application sees them (after TLS).</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Bytes sent so far, as the application sees them (before TLS).</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>What the conversation is doing, in a few words, for the drain report and for operators. Never log secrets here.</summary>
    public string? Activity
    {
        get => _extras?.Activity;
        set => Extras.Activity = value;
    }

    /// <summary>Who the peer has proved to be, where a middleware asked for proof.</summary>
    public string? User
    {
        get => _extras?.User;
        set => Extras.User = value;
    }

    /// <summary>What the TLS handshake came to, the peer's key among it; null without TLS.</summary>
    public TlsDetails? Tls
    {
        get => _extras?.Tls;
        internal set => Extras.Tls = value;
    }

    /// <summary>Things that middleware and handlers keep with the connection.</summary>
    public IDictionary<object, object?> Items => Extras.Items ??= [];

    /// <summary>The longest a read may wait before the connection is closed with <see cref="CloseReason.ReadTimeout"/>; null for no limit. Default <see cref="ServerLimits.Read"/>.</summary>
    public TimeSpan? ReadTimeout
    {
        get => FromMilliseconds(_readTimeout);
        set => SetTimeout(ref _readTimeout, value);
    }

    /// <summary>The longest a write may wait without progress before the connection is closed with <see cref="CloseReason.WriteTimeout"/>; null for no limit. Default <see cref="ServerLimits.Write"/>.</summary>
    public TimeSpan? WriteTimeout
    {
        get => FromMilliseconds(_writeTimeout);
        set => SetTimeout(ref _writeTimeout, value);
    }

    /// <summary>Whether reads and writes block their thread until done, as they do for blocking handlers and under the Thread policy.</summary>
    public bool IsBlocking => Transport.IsBlocking;

    /// <summary>Whether a send of a few bytes would not hold this thread up: always where calls do not block, otherwise where the socket has room now.</summary>
    public bool CanSendAtOnce => Transport.CanSendAtOnce;

    /// <summary>Whether the peer has finished sending and everything it sent was received.</summary>
    public bool PeerHasFinished => _input.HasEnded;

    /// <summary>The socket's descriptor, for options this library does not name; −1 where there is none. The connection keeps it: never close it.</summary>
    public int Descriptor => Transport.Descriptor;

    internal Transport Transport { get; private set; }

    internal BufferBudget Budget => _host.Budget;

    internal ConnectionHost Host => _host;

    /// <summary>The <c>tls-server-end-point</c> of the TLS channel underneath, for a SCRAM login inside the conversation; empty without TLS.</summary>
    public ReadOnlyMemory<byte> ChannelBinding
    {
        get => _extras is { } extras ? extras.ChannelBinding : default;
        internal set => Extras.ChannelBinding = value;
    }

    internal long StartedAt { get; }

    private long ServedSince => _extras is { ServedSince: > 0 and var since } ? since : StartedAt;

    /// <summary>The address limits and penalties go by.</summary>
    internal PeerKey PeerKey => _extras?.ProxiedRemote is { } proxied ? PeerKey.From(proxied) : Transport.PeerKey;

    private ConnectionExtras Extras => _extras ?? Interlocked.CompareExchange(ref _extras, new ConnectionExtras(), null) ?? _extras;

    // The server's list of connections: links touched only under its lock.
    internal Connection? ListNext { get; set; }

    internal Connection? ListPrevious { get; set; }

    /// <summary>Receives into the caller's memory, buffered bytes first, then straight from the socket: the count, or 0 at the end of the stream.</summary>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReceiveAsync(buffer, cancellationToken);

    /// <summary>Waits, holding no buffer, until <see cref="Input"/> has something to read or has ended; then <c>Input.TryRead</c> takes it.</summary>
    /// <remarks>May end without either: read again, and wait again. The smallest way for a handler to wait.</remarks>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public ValueTask WaitToReadAsync(CancellationToken cancellationToken = default) => _input.WaitToReadAsync(cancellationToken);

    /// <summary>Sends the bytes, after whatever <see cref="Output"/> still holds, straight from the caller's memory.</summary>
    /// <remarks>Cancelling a send that is under way ends the connection, since part of it may have left.</remarks>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Most sends fit at once; a connection that has never buffered output does without the object for it.
        if (_output is null && !Transport.IsBlocking && buffer.Length > 0)
        {
            int sent = TrySend(buffer);
            if (sent == buffer.Length)
                return default;
            buffer = buffer[sent..];
        }

        ValueTask<FlushResult> write = Output.WriteAsync(buffer, cancellationToken);
        if (!write.IsCompletedSuccessfully)
            return new ValueTask(write.AsTask());
        _ = write.GetAwaiter().GetResult();
        return default;
    }

    /// <summary>Sends what the socket takes now: how much that was.</summary>
    private int TrySend(ReadOnlyMemory<byte> buffer)
    {
        int sent = Transport.TrySend(buffer);
        if (sent == Transport.WouldBlock)
            return 0;
        CountSent(sent);
        return sent;
    }

    /// <summary>Sends part of a file; in the kernel (sendfile) where the connection is plain and the system can, otherwise through a buffer.</summary>
    /// <param name="file">An open regular file.</param>
    /// <param name="offset">The first byte to send.</param>
    /// <param name="count">How many bytes, or null for the rest of the file.</param>
    /// <param name="cancellationToken">Ends the connection if the send is under way.</param>
    /// <returns>The bytes sent: fewer than asked for only when the file ended.</returns>
    public async ValueTask<long> SendFileAsync(SafeFileHandle file, long offset = 0, long? count = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        long wanted = count ?? long.MaxValue;
        ArgumentOutOfRangeException.ThrowIfNegative(wanted, nameof(count));
        if (_output is not null)
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return Transport.CanSendFile
            ? await FileSender.SendInKernelAsync(this, file, offset, wanted, cancellationToken).ConfigureAwait(false)
            : await FileSender.SendThroughBufferAsync(this, file, offset, wanted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends what is buffered, then tells the peer that nothing more will come (half close). Reading goes on.</summary>
    public async ValueTask FinishSendingAsync(CancellationToken cancellationToken = default)
    {
        if (_output is not null)
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        await Transport.FinishSendingAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connection now, from any thread: buffered output is lost, the peer sees a reset, waiting reads and writes fail.</summary>
    public void Abort() => Abort(CloseReason.Aborted);

    /// <summary>Reads a socket option as the system's own level and name, for those this library does not name.</summary>
    /// <exception cref="TransportException">The option cannot be read.</exception>
    public unsafe int GetSocketOption(int level, int name, Span<byte> value)
    {
        int length = value.Length;
        fixed (byte* pointer = value)
        {
            if (Linux.getsockopt(Descriptor, level, name, pointer, &length) != 0)
                throw Linux.Error(Marshal.GetLastPInvokeError());
        }

        return length;
    }

    /// <summary>Sets a socket option by the system's own level and name.</summary>
    /// <exception cref="TransportException">The option cannot be set.</exception>
    public unsafe void SetSocketOption(int level, int name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = value)
        {
            if (Linux.setsockopt(Descriptor, level, name, pointer, value.Length) != 0)
                throw Linux.Error(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Closes the connection in order, as a client does when it is done: buffered output is sent, then both directions end.</summary>
    public ValueTask DisposeAsync() => CloseAsync(CloseReason.HandlerFinished);

    /// <summary>Ends the connection at once, recording why. The first reason stays.</summary>
    internal void Abort(CloseReason reason)
    {
        TrySetCloseReason(reason);
        Transport.AbortReason = CloseReason;
        // Limits end with an orderly close, which a peer can tell from a crash; a deliberate abort is a reset.
        _host.Aborted?.Invoke(this);
        Transport.Abort(reset: reason is CloseReason.Aborted or CloseReason.Drained or CloseReason.Disposed or CloseReason.WriteTimeout or CloseReason.TooSlow);
    }

    internal bool IsDisposed => Volatile.Read(ref _isDisposed) == 1;

    internal bool TrySetCloseReason(CloseReason reason) =>
        Interlocked.CompareExchange(ref _closeReason, (int)reason, (int)CloseReason.None) == (int)CloseReason.None;

    internal void MakeCurrent() => CurrentOne.Value = this;

    internal static void ForgetCurrent() => CurrentOne.Value = null;

    /// <summary>Puts a layer such as TLS between this connection and its transport. Nothing may have been read and kept.</summary>
    internal void Upgrade(Func<Transport, Transport> layer)
    {
        if (_input.BufferedBytes > 0)
            throw new InvalidOperationException("Bytes were received before the layer was put in; they would be lost.");
        Transport = layer(Transport);
    }

    /// <summary>Takes the caller's address from a trusted proxy's header.</summary>
    internal void SetProxiedRemote(EndPoint remote) => Extras.ProxiedRemote = remote;

    /// <summary>The address that limits count it under.</summary>
    internal PeerKey CountedAs
    {
        get => _extras?.CountedAs ?? Transport.PeerKey;
        set => Extras.CountedAs = value;
    }

    internal void BeginStage(TimeSpan? limit)
    {
        Extras.StageDeadline = limit is { } time ? _host.Clock.Now + (long)time.TotalMilliseconds : 0;
        ScheduleDeadline();
    }

    internal void EndStage() => Extras.StageDeadline = 0;

    /// <summary>Closes in order; the reason is recorded unless one is already. Never throws: what goes wrong here has no one left to tell.</summary>
    internal async ValueTask CloseAsync(CloseReason reason)
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        try
        {
            if (CloseReason == CloseReason.None && reason is CloseReason.HandlerFinished or CloseReason.PeerClosed or CloseReason.AuthenticationFailed or CloseReason.ProtocolError)
            {
                _isLingering = true;
                BeginStage(_host.Limits.Linger);
                if (_output is not null)
                    await _output.FlushAsync().ConfigureAwait(false);
                bool isRead = _input.EndReads(); // by somebody else, who would take what is to be dropped
                await Transport.FinishSendingAsync().ConfigureAwait(false);
                await DrainAsync(isRead ? Transport.Bottom : Transport).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is TransportException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer was faster, or did not take the last bytes within the linger: the reason below says so.
            if (CloseReason == CloseReason.None && e is TransportException { Reason: TransportError.PeerReset } && _output?.UnflushedBytes > 0)
                TrySetCloseReason(CloseReason.PeerReset);
        }

        TrySetCloseReason(reason);
        _host.Clock.Cancel(this);
        _input.Complete();
        _output?.Complete();
        Transport.Dispose();
    }

    /// <summary>Takes and drops what the peer still sends, for a bounded time: closing over unread input would send a reset that overtakes our last reply.</summary>
    /// <param name="source">The transport; below all layers where a read of another thread blocks in them, and takes some of it.</param>
    private async ValueTask DrainAsync(Transport source)
    {
        ReadyGate? gate = null;
        long allowed = MaxLingerBytes;
        while (!_input.HasEnded && allowed > 0)
        {
            int count = source.MayReceive ? Drop(source) : Transport.WouldBlock;
            if (count == 0)
                return;
            if (count == Transport.WouldBlock)
            {
                gate ??= new ReadyGate();
                ValueTask ready = gate.Arm();
                source.WaitToReceive(gate);
                await ready.ConfigureAwait(false);
                continue;
            }

            if (source == Transport)
                CountReceived(count);
            allowed -= count;
        }
    }

    private static int Drop(Transport source)
    {
        byte[] dropped = ArrayPool<byte>.Shared.Rent(Math.Max(DropBytes, source.NextMessageBytes));
        try
        {
            return source.TryReceive(dropped);
        }
        catch (TransportException e) when (e.Reason == TransportError.MessageTooLarge)
        {
            return dropped.Length; // dropped it is
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }

    // ---- counting and deadlines ----

    internal void CountReceived(int bytes)
    {
        _bytesReceived += bytes;
        _lastActivity = _host.Clock.CoarseNow;
    }

    internal void CountSent(long bytes)
    {
        _bytesSent += bytes;
        _lastActivity = _host.Clock.CoarseNow;
        if (_writeWaitSince > 0)
            _writeWaitSince = _lastActivity;
    }

    /// <summary>Takes the counts of a worker process that holds the conversation.</summary>
    internal void SetCounts(long received, long sent)
    {
        Volatile.Write(ref _bytesReceived, Math.Max(0, received));
        Volatile.Write(ref _bytesSent, Math.Max(0, sent));
    }

    internal void BeginReadWait() => _readWaitSince = _host.Clock.CoarseNow;

    internal void EndReadWait() => _readWaitSince = 0;

    internal void BeginWriteWait() => _writeWaitSince = _host.Clock.CoarseNow;

    internal void EndWriteWait() => _writeWaitSince = 0;

    internal string DescribeActivity() => _waitsForTurn ? "waiting for its turn" : _writeWaitSince > 0 ? "writing" : _readWaitSince > 0 ? "reading" : "in its handler";

    /// <summary>Begins to watch over the limits, if there are any.</summary>
    internal void ScheduleDeadline()
    {
        long now = _host.Clock.Now;
        if (NextLook(now) is > 0 and long next)
            _host.Clock.Schedule(this, next);
    }

    EpollLoop? IConversation.Loop => (Transport as EpollTransport)?.Loop;

    Task IConversation.RunAsync() => _host.Server!.ServeAsync(this);

    void IConversation.BeginWait() => _waitsForTurn = true;

    void IConversation.EndWait()
    {
        Extras.ServedSince = _lastActivity = _host.Clock.Now;
        _waitsForTurn = false;
        ScheduleDeadline();
    }

    void IConversation.Start() => _host.Server!.Serve(this);

    /// <summary>The handler's task, where nobody awaits it.</summary>
    internal Task? Serving { get; set; }

    internal void Served() => _host.Server!.Served(this);

    void IConversation.Reject(CloseReason reason) => _host.Server!.Reject(this, reason);

    IDeadline? IDeadline.Next { get; set; }

    IDeadline? IDeadline.Previous { get; set; }

    long IDeadline.DueTick { get; set; }

    long IDeadline.OnDue(long now)
    {
        if (_isDisposed == 1 && !_isLingering)
            return 0;
        if (Violation(now) is { } reason)
        {
            Abort(reason);
            return 0;
        }

        return NextLook(now);
    }

    /// <summary>The bound that is passed at <paramref name="now"/>, if any.</summary>
    private CloseReason? Violation(long now)
    {
        ServerLimits limits = _host.Limits;
        if (Passed(_extras?.StageDeadline ?? 0, 0))
            return _isLingering ? CloseReason.HandlerFinished : CloseReason.HandshakeTimeout;
        if (_isLingering || _waitsForTurn)
            return null;
        if (_bytesReceived == 0 && limits.FirstByte is { } first && Passed(ServedSince, (long)first.TotalMilliseconds))
            return CloseReason.FirstByteTimeout;
        int slack = _host.Clock.Slack; // what follows goes by coarse stamps: never cut early
        if (Passed(_readWaitSince, _readTimeout + slack, _readTimeout > 0))
            return CloseReason.ReadTimeout;
        if (Passed(_writeWaitSince, _writeTimeout + slack, _writeTimeout > 0))
            return CloseReason.WriteTimeout;
        if (limits.Idle is { } idle && Passed(_lastActivity, (long)idle.TotalMilliseconds + slack))
            return CloseReason.Idle;
        return limits.MinimumRate is { } rate && IsTooSlow(now, rate) ? CloseReason.TooSlow : null;

        bool Passed(long from, long limit, bool applies = true) => applies && from > 0 && now - from >= limit;
    }

    /// <summary>Whether a message has crept for the whole grace. Only while this side waits for the peer in the middle of one can the peer be slow.</summary>
    private bool IsTooSlow(long now, MinimumRate rate)
    {
        ConnectionExtras extras = Extras;
        long total = BytesReceived + BytesSent;
        bool waitsMidMessage = _writeWaitSince > 0 || (_readWaitSince > 0 && _input.BufferedBytes > 0);
        if (!waitsMidMessage)
        {
            extras.RateMark = 0;
            return false;
        }

        if (extras.RateMark == 0)
            (extras.RateMark, extras.RateBytes) = (now, total);
        long elapsed = now - extras.RateMark;
        if (elapsed < (long)rate.Grace.TotalMilliseconds)
            return false;
        long moved = total - extras.RateBytes;
        (extras.RateMark, extras.RateBytes) = (now, total);
        return moved * 1000 < rate.BytesPerSecond * elapsed;
    }

    /// <summary>When a bound can first be passed, seen from <paramref name="now"/>; 0 when none applies.</summary>
    private long NextLook(long now)
    {
        ServerLimits limits = _host.Limits;
        long next = long.MaxValue;
        if (_extras?.StageDeadline is > 0 and long stage)
            next = stage;
        if (_isLingering || _waitsForTurn)
            return next == long.MaxValue ? 0 : next;
        if (_bytesReceived == 0 && limits.FirstByte is { } first)
            next = Math.Min(next, ServedSince + (long)first.TotalMilliseconds);
        if (_readTimeout > 0)
            next = Math.Min(next, (_readWaitSince > 0 ? _readWaitSince : now) + _readTimeout);
        if (_writeTimeout > 0)
            next = Math.Min(next, (_writeWaitSince > 0 ? _writeWaitSince : now) + _writeTimeout);
        if (limits.Idle is { } idle)
            next = Math.Min(next, _lastActivity + (long)idle.TotalMilliseconds);
        if (limits.MinimumRate is { } rate)
            next = Math.Min(next, now + ((long)rate.Grace.TotalMilliseconds / LooksPerGrace));
        return next == long.MaxValue ? 0 : Math.Max(next, now + 1);
    }

    private void SetTimeout(ref int field, TimeSpan? value)
    {
        if (value is { } limit)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(value));
        field = value is { } time ? (int)Math.Min(int.MaxValue, Math.Max(1, time.TotalMilliseconds)) : 0;
        if (field == 0)
            return;
        // The coarse clock may have stood still until now; what waits already counts from here.
        if (_readWaitSince > 0)
            _readWaitSince = _host.Clock.Now;
        if (_writeWaitSince > 0)
            _writeWaitSince = _host.Clock.Now;
        ScheduleDeadline();
    }

    private static TimeSpan? FromMilliseconds(int milliseconds) => milliseconds == 0 ? null : TimeSpan.FromMilliseconds(milliseconds);
}
