using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Dialtone.Engines;

/// <summary>A connection over System.Net.Sockets: portable; blocking when its policy wants threads that block.</summary>
internal sealed class SocketTransport : Transport
{
    private const int ClosedBit = 1 << 30; // no more calls; whoever leaves last disposes the socket

    private readonly Socket _socket;
    private readonly Action _onReady;
    private IReadyWaiter? _waiter;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _waiting;
    private int _isWaiting;
    private SocketError _waitError; // what the last wait ended with
    private volatile bool _aborted;
    private int _users; // calls under way, plus the bit

    public SocketTransport(Socket socket, bool blocking)
    {
        _socket = socket;
        IsBlocking = blocking;
        socket.Blocking = blocking;
        _onReady = OnReady;
        PeerKey = PeerKey.From(Ask(socket, static socket => socket.RemoteEndPoint));
    }

    /// <summary>Where a peek's one byte goes; nobody reads it.</summary>
    private static readonly byte[] Peeked = new byte[1];

    public override bool IsBlocking { get; }

    public override bool CanSendAtOnce => !IsBlocking || Ask(_socket, static socket => socket.Poll(TimeSpan.Zero, SelectMode.SelectWrite));

    public override bool KeepsMessages => _socket.SocketType == SocketType.Seqpacket;

    public override EndPoint? LocalEndPoint => Named(Ask(_socket, static socket => socket.LocalEndPoint));

    public override EndPoint? RemoteEndPoint => PeerKey.ToEndPoint() ?? Named(Ask(_socket, static socket => socket.RemoteEndPoint));

    public override PeerKey PeerKey { get; }

    public override int Descriptor => (int)_socket.Handle;

    public override int NextMessageBytes => KeepsMessages ? 64 * 1024 : 0;

    public override int TryReceive(Memory<byte> buffer)
    {
        if (_aborted)
            throw AbortedError();
        // A socket tells its error once, and the wait has heard it: after that it would look like a goodbye.
        if (_waitError != SocketError.Success)
            throw ToException(_waitError);
        Enter();
        try
        {
            int count = _socket.Receive(buffer.Span, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
                return WouldBlock;
            if (error != SocketError.Success || (count == 0 && (_aborted || IsClosed)))
                throw ToException(error);
            return count;
        }
        finally
        {
            Exit();
        }
    }

    public override void BlockUntilReceivable(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            return;
        Enter();
        try
        {
            Linux.BlockUntilReceivable(Descriptor, cancellationToken);
        }
        finally
        {
            Exit();
        }
    }

    public override void WaitToReceive(IReadyWaiter waiter)
    {
        Volatile.Write(ref _waiter, waiter);
        // A wait that was called off still has its receive under way: that one wakes this waiter too.
        if (Interlocked.Exchange(ref _isWaiting, 1) == 1)
            return;
        if (!TryEnter())
        {
            Volatile.Write(ref _isWaiting, 0);
            Interlocked.Exchange(ref _waiter, null)?.OnReady(); // its receive fails
            return;
        }

        // A zero-byte receive waits without a buffer. On SOCK_SEQPACKET it would swallow a message: there one byte is peeked at.
        _waiting = (KeepsMessages ? _socket.ReceiveAsync(Peeked.AsMemory(), SocketFlags.Peek) : _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None))
            .ConfigureAwait(false).GetAwaiter();
        if (_waiting.IsCompleted)
            OnReady();
        else
            _waiting.UnsafeOnCompleted(_onReady);
    }

    private void OnReady()
    {
        try
        {
            _waiting.GetResult();
        }
        catch (SocketException e)
        {
            _waitError = e.SocketErrorCode;
        }

        Volatile.Write(ref _isWaiting, 0);
        Interlocked.MemoryBarrier();
        Exit();
        Interlocked.Exchange(ref _waiter, null)?.OnReady();
    }

    public override int TrySend(ReadOnlyMemory<byte> buffer)
    {
        Enter();
        try
        {
            int count = _socket.Send(buffer.Span, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success)
                return count;
            return error == SocketError.WouldBlock ? WouldBlock : throw ToException(error);
        }
        finally
        {
            Exit();
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        if (IsBlocking)
        {
            while (buffer.Length > 0)
                buffer = buffer[TrySend(buffer)..];
            return;
        }

        Enter();
        try
        {
            while (buffer.Length > 0)
                buffer = buffer[await _socket.SendAsync(buffer, SocketFlags.None).ConfigureAwait(false)..];
        }
        catch (SocketException e)
        {
            throw ToException(e.SocketErrorCode);
        }
        finally
        {
            Exit();
        }
    }

    public override ValueTask FinishSendingAsync()
    {
        ShutDown(SocketShutdown.Send);
        return default;
    }

    private void ShutDown(SocketShutdown how)
    {
        try
        {
            _socket.Shutdown(how);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer was faster; there is nobody to tell.
        }
    }

    public override void Abort(bool reset)
    {
        _aborted = true;
        if (!TryEnter())
            return;
        try
        {
            if (reset)
                _socket.LingerState = new LingerOption(true, 0);
            if (!reset || !OperatingSystem.IsLinux() || !Linux.Reset((int)_socket.Handle))
                _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Not connected any more: what waits fails by itself.
        }
        finally
        {
            Exit();
        }
    }

    /// <remarks>
    /// A socket that is disposed while it is in use is reset, and what was not sent yet is dropped. So calls under way are ended in order, and the last
    /// of them disposes it.
    /// </remarks>
    public override void Dispose()
    {
        Interlocked.Increment(ref _users);
        int before = Interlocked.Or(ref _users, ClosedBit);
        if (before > 1 && (before & ClosedBit) == 0)
            ShutDown(SocketShutdown.Both);
        Exit();
    }

    private bool IsClosed => (Volatile.Read(ref _users) & ClosedBit) != 0;

    private void Enter()
    {
        if (!TryEnter())
            throw TransportException.Closed();
    }

    private bool TryEnter()
    {
        if ((Interlocked.Increment(ref _users) & ClosedBit) == 0)
            return true;
        Exit();
        return false;
    }

    private void Exit()
    {
        if (Interlocked.Decrement(ref _users) == ClosedBit)
            _socket.Dispose();
    }

    private TransportException ToException(SocketError error)
    {
        if (_aborted)
            return AbortedError();
        if (IsClosed)
            return TransportException.Closed();
        return error switch
        {
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.TimedOut or SocketError.NotConnected
                or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
                new TransportException(TransportError.PeerReset, "The peer reset the connection or is gone.", (int)error),
            SocketError.MessageSize => new TransportException(TransportError.MessageTooLarge, "The message is too long for one packet of this socket.", (int)error),
            _ => new TransportException(TransportError.Other, new SocketException((int)error).Message, (int)error),
        };
    }

    private static T? Ask<T>(Socket socket, Func<Socket, T?> question)
    {
        try
        {
            return question(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return default; // gone before it was asked
        }
    }

    private static EndPoint? Named(EndPoint? endPoint) => endPoint switch
    {
        UnixDomainSocketEndPoint unix when unix.ToString().Length == 0 => null,
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } ip => new IPEndPoint(ip.Address.MapToIPv4(), ip.Port),
        _ => endPoint,
    };
}
