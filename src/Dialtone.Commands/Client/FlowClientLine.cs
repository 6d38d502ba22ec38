using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>Frames on a flow of datagrams, the client's end: a message each.</summary>
internal sealed class FlowClientLine : IFrameLine
{
    private static readonly FlowOptions Options = new();
    private readonly FlowClient _flow;
    private readonly Connection _connection; // what let us in; the server counts us by it
    private readonly Address _address;
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _arrived;
    private readonly Queue<(Task<FlowEnd> Sending, int Bytes)> _underWay = [];
    private int _bytesUnderWay;

    private FlowClientLine(FlowClient flow, Connection connection, Address address)
    {
        (_flow, _connection, _address) = (flow, connection, address);
        _arrived = flow.ReadAllAsync().GetAsyncEnumerator();
    }

    public int MaxPieceBytes => FlowFrames.MaxPieceBytes;

    public bool CanSendAtOnce => true;

    /// <summary>Asks for a flow on a connection that let us in, and opens it.</summary>
    /// <param name="connection">Disposed with the line.</param>
    /// <param name="datagrams">Where datagrams go; null for the connection's peer, at the port it names.</param>
    /// <param name="time">Drives the flow.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <exception cref="CommandException">The server refused.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    /// <exception cref="ProtocolException">The server does not speak this protocol.</exception>
    public static async Task<FlowClientLine> OpenAsync(Connection connection, Address? datagrams, TimeProvider time, CancellationToken cancellationToken)
    {
        await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Flow, Id = 1 }, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        CommandFrame answer = (await connection.ReceiveAsync(CommandFrame.Codec, cancellationToken).ConfigureAwait(false))?.Header
            ?? throw new CommandException(CommandError.ConnectionLost, "The server closed the connection.");
        if (answer.Type == CommandFrame.Refused)
            throw new CommandException(ErrorCodes.ErrorOf(answer.Code), answer.Message ?? "The server refused it.");
        if (!ulong.TryParse(answer.Session, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong session)
            || answer.Secret is not { Length: 2 * FlowKeys.SecretBytes } hex)
        {
            throw new ProtocolException(ProtocolError.BadHeader, "The server's answer names no flow.");
        }

        var secret = new byte[FlowKeys.SecretBytes];
        if (Convert.FromHexString(hex, secret, out _, out _) != System.Buffers.OperationStatus.Done)
            throw new ProtocolException(ProtocolError.BadHeader, "The server's answer holds no secret.");
        Address address = datagrams ?? (connection.RemoteEndPoint is IPEndPoint peer && answer.Port is > 0 and <= IPEndPoint.MaxPort
            ? Address.Udp(peer.Address.ToString(), answer.Port)
            : throw new CommandException(CommandError.BadRequest, $"Where datagrams go is not known: {connection.Address} is no address of a network."));
        FlowClient flow = await FlowClient.ConnectAsync(address, new FlowKeys(session, secret), Options, time, cancellationToken).ConfigureAwait(false);
        return new FlowClientLine(flow, connection, address);
    }

    /// <summary>Goes on from a new socket, as after a change of network.</summary>
    public Task MoveAsync(CancellationToken cancellationToken) => _flow.MoveAsync(_address, cancellationToken);

    public async ValueTask<ReceivedFrame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (await _arrived.MoveNextAsync().ConfigureAwait(false))
            return FlowFrames.Read(MemoryMarshal.TryGetArray(_arrived.Current, out ArraySegment<byte> message) ? message.Array! : _arrived.Current.ToArray());
        return _flow.End is FlowEnd.Unanswered or FlowEnd.Idle ? throw Broken(_flow.End) : null;
    }

    public async ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body)
    {
        ReadOnlyMemory<byte> message = FlowFrames.Write(frame, body, Options.MaxMessageBytes);
        _underWay.Enqueue((_flow.SendAsync(message, CancellationToken.None).AsTask(), message.Length));
        _bytesUnderWay += message.Length;
        while (_underWay.TryPeek(out (Task<FlowEnd> Sending, int Bytes) oldest) && (oldest.Sending.IsCompleted || _bytesUnderWay > Options.MaxQueuedBytes))
        {
            FlowEnd end = await oldest.Sending.ConfigureAwait(false);
            _bytesUnderWay -= _underWay.Dequeue().Bytes;
            if (end != FlowEnd.None)
                throw Broken(end);
        }
    }

    public ValueTask FinishAsync() => _flow.DisposeAsync();

    public void Abort() => _ = _flow.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _flow.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static TransportException Broken(FlowEnd end) => end switch
    {
        FlowEnd.Unanswered => new TransportException(TransportError.TimedOut, $"The server has not answered a datagram for {Options.GiveUp.TotalSeconds:0} s."),
        FlowEnd.Idle => new TransportException(TransportError.TimedOut, $"The server has been silent for {Options.Idle.TotalSeconds:0} s."),
        _ => new TransportException(TransportError.PeerReset, "The server closed the flow of datagrams."),
    };
}
