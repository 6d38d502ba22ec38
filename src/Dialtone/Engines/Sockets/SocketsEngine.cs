using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>The portable engine.</summary>
internal sealed class SocketsEngine : Engine
{
    public override StreamListener Listen(BoundSocket socket, ListenOptions options, ReadyOn readyOn) =>
        new SocketListener(socket, options, readyOn == ReadyOn.CallerBlocks);

    public override void Dispose()
    {
        // Everything belongs to the runtime's own engine.
    }
}

/// <summary>Accepts through System.Net.Sockets.</summary>
internal sealed class SocketListener(BoundSocket bound, ListenOptions options, bool blocking) : StreamListener(bound.Address)
{
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _stopped;

    public override async ValueTask<Transport?> AcceptAsync()
    {
        Socket? socket = null;
        try
        {
            socket = await bound.Socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
            ConnectionOptions.Apply(socket, options);
            return new SocketTransport(socket, blocking);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            socket?.Dispose();
            if (_stopped)
                return null;
            throw e is SocketException error ? Classify(error) : new TransportException(TransportError.Closed, "The listener is closed.", e);
        }
    }

    private static TransportException Classify(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable =>
            new TransportException(TransportError.OutOfResources, error.Message, error),
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NetworkDown or SocketError.HostUnreachable
            or SocketError.NetworkUnreachable or SocketError.AccessDenied or SocketError.NotConnected or SocketError.InvalidArgument =>
            new TransportException(TransportError.PeerReset, "The caller is gone.", error),
        _ => new TransportException(TransportError.Other, error.Message, error),
    };

    public override void Stop()
    {
        if (_stopped)
            return;
        _stopped = true;
        // Not by closing alone: the close of a descriptor whose socket somebody else holds too (fd:, systemd:) does not end what waits on it.
        _stop.Cancel();
        bound.Dispose();
    }
}
