using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Dialtone.Engines;

/// <summary>A connection over System.Net.Sockets: portable; blocking when its policy wants threads that block.</summary>
internal sealed class SocketTransport : Transport
{
    private readonly Socket _socket;
    private readonly Action _onReady;
    private IReadyWaiter? _waiter;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _waiting;
    private int _isWaiting;
    private SocketError _waitError; // what the last wait ended with
    private volatile bool _aborted;

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
        SocketError error;
        try
        {
            int count = _socket.Receive(buffer.Span, SocketFlags.None, out error);
            if (error == SocketError.Success)
                return count == 0 && _aborted ? throw AbortedError() : count;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
        }

        return error == SocketError.WouldBlock ? WouldBlock : throw ToException(error);
    }

    public override void BlockUntilReceivable(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
            Linux.BlockUntilReceivable(Descriptor, cancellationToken);
    }

    public override void WaitToReceive(IReadyWaiter waiter)
    {
        Volatile.Write(ref _waiter, waiter);
        // A wait that was called off still has its receive under way: that one wakes this waiter too.
        if (Interlocked.Exchange(ref _isWaiting, 1) == 1)
            return;
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
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            _waitError = SocketError.OperationAborted;
        }

        Volatile.Write(ref _isWaiting, 0);
        Interlocked.MemoryBarrier();
        Interlocked.Exchange(ref _waiter, null)?.OnReady();
    }

    public override int TrySend(ReadOnlyMemory<byte> buffer)
    {
        SocketError error;
        try
        {
            int count = _socket.Send(buffer.Span, SocketFlags.None, out error);
            if (error == SocketError.Success)
                return count;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
        }

        return error == SocketError.WouldBlock ? WouldBlock : throw ToException(error);
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int sent;
            if (IsBlocking)
            {
                sent = TrySend(buffer);
            }
            else
            {
                try
                {
                    sent = await _socket.SendAsync(buffer, SocketFlags.None).ConfigureAwait(false);
                }
                catch (SocketException e)
                {
                    throw ToException(e.SocketErrorCode);
                }
                catch (ObjectDisposedException)
                {
                    throw ToException(SocketError.OperationAborted);
                }
            }

            buffer = buffer[sent..];
        }
    }

    public override ValueTask FinishSendingAsync()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer was faster; there is nobody to tell.
        }

        return default;
    }

    public override void Abort(bool reset)
    {
        _aborted = true;
        try
        {
            if (reset)
                _socket.LingerState = new LingerOption(true, 0);
            if (!reset || !OperatingSystem.IsLinux() || !Linux.Reset((int)_socket.Handle))
                _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Not connected any more: what waits fails by itself.
        }
    }

    public override void Dispose() => _socket.Dispose();

    private TransportException ToException(SocketError error)
    {
        if (_aborted)
            return AbortedError();
        return error switch
        {
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.TimedOut or SocketError.NotConnected
                or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
                new TransportException(TransportError.PeerReset, "The peer reset the connection or is gone.", (int)error),
            SocketError.OperationAborted => new TransportException(TransportError.Closed, "The connection is closed.", (int)error),
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
