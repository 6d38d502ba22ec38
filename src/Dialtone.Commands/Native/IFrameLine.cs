namespace Dialtone.Commands;

/// <summary>What carries a conversation's frames, whole and in order: a connection, or a flow of datagrams.</summary>
/// <remarks>One receive and one send at a time; they may overlap each other.</remarks>
internal interface IFrameLine : IAsyncDisposable
{
    /// <summary>Longest piece of a stream in one frame.</summary>
    int MaxPieceBytes { get; }

    /// <summary>Whether sending a frame without a body would not hold its thread up.</summary>
    bool CanSendAtOnce { get; }

    /// <summary>The next frame; null when the peer has finished. What was not read of the last one's body is skipped.</summary>
    /// <exception cref="ProtocolException">The frame is refused.</exception>
    /// <exception cref="TransportException">The line broke.</exception>
    ValueTask<ReceivedFrame?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Sends a frame, waiting for room.</summary>
    /// <exception cref="ProtocolException">The frame is beyond a bound; nothing was sent.</exception>
    /// <exception cref="TransportException">The line broke.</exception>
    ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body);

    /// <summary>Tells the peer that nothing more will come.</summary>
    /// <exception cref="TransportException">The line broke.</exception>
    ValueTask FinishAsync();

    /// <summary>Cuts it: whoever waits at it hears of that.</summary>
    void Abort();
}

/// <summary>A frame that arrived.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Body">As many bytes as the header's <see cref="CommandFrame.Size"/> says.</param>
internal readonly record struct ReceivedFrame(CommandFrame Header, Stream Body);
