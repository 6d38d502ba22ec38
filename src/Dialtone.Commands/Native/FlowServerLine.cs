using System.Threading.Channels;

namespace Dialtone.Commands;

/// <summary>Frames on a flow of datagrams, the server's end: a message each.</summary>
internal sealed class FlowServerLine(FlowOptions options) : IFrameLine
{
    private readonly Channel<byte[]> _arrived = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true }); // bounded by the flow
    private readonly Lock _gate = new();
    private TaskCompletionSource _change = NewChange(); // under _gate
    private int _unanswered;                            // under _gate: messages the peer has not acknowledged
    private int _untaken;                               // bytes of the last frame that was handed out

    public int MaxPieceBytes => FlowFrames.MaxPieceBytes;

    public bool CanSendAtOnce => true;

    /// <summary>The flow; known once it is admitted, before anything can arrive.</summary>
    public FlowSession Session { get; set; } = null!;

    /// <summary>A message of the flow has come.</summary>
    public void Arrived(byte[] message) => _arrived.Writer.TryWrite(message);

    /// <summary>The flow is over.</summary>
    public void Ended()
    {
        _arrived.Writer.TryComplete();
        Changed();
    }

    /// <summary>Asks the peer for a sign of life: without one the flow ends in the time its options give.</summary>
    public void Probe()
    {
        if (Session.TrySend(FlowFrames.Write(new CommandFrame { Type = CommandFrame.Credit }, default, options.MaxMessageBytes), Counted()))
            return;
        Uncount(); // full: what waits there asks already
    }

    public async ValueTask<ReceivedFrame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_untaken > 0)
            Session.Taken(_untaken);
        _untaken = 0;
        if (!await _arrived.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) || !_arrived.Reader.TryRead(out byte[]? message))
            return null;
        _untaken = message.Length;
        return FlowFrames.Read(message);
    }

    public async ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body)
    {
        ReadOnlyMemory<byte> message = FlowFrames.Write(frame, body, options.MaxMessageBytes);
        while (true)
        {
            Task change;
            lock (_gate)
                change = _change.Task;
            if (Session.TrySend(message, Counted()))
                return;
            Uncount();
            if (Session.End is not FlowEnd.None and var end)
                throw new TransportException(TransportError.PeerReset, $"The flow of datagrams has ended ({end}).");
            await change.ConfigureAwait(false);
        }
    }

    public ValueTask FinishAsync() => default;

    public void Abort() => Session.Close();

    /// <summary>Closes it once the peer has acknowledged everything: what is not is lost with it.</summary>
    public async ValueTask DisposeAsync()
    {
        while (Session.End == FlowEnd.None)
        {
            Task change;
            lock (_gate)
            {
                if (_unanswered == 0)
                    break;
                change = _change.Task;
            }

            await change.ConfigureAwait(false);
        }

        Session.Close();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Action<FlowEnd> Counted()
    {
        lock (_gate)
            _unanswered++;
        return _ => Uncount();
    }

    private void Uncount()
    {
        lock (_gate)
            _unanswered--;
        Changed();
    }

    private void Changed()
    {
        TaskCompletionSource change;
        lock (_gate)
        {
            change = _change;
            _change = NewChange();
        }

        change.TrySetResult();
    }
}
