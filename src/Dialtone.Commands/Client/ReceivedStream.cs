using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>A stream that arrives in frames: held up to its credit, and given back as it is read.</summary>
internal sealed class ReceivedStream(Func<int, Task> giveCredit) : ReadOnlyStream
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: CommandFrame.MaxPieceBytes, useSynchronizationContext: false));
    private uint _sum;
    private long _bytes;
    private int _onItsWay = CommandFrame.OutputCredit; // credit not used yet
    private int _read;                                 // not given back yet
    private bool _isDropped;

    /// <summary>What has arrived.</summary>
    public StreamReport Report => new(_bytes, _sum);

    /// <exception cref="ProtocolException">It is more than there was credit for.</exception>
    public async ValueTask TakeAsync(Stream body, int size)
    {
        if (Interlocked.Add(ref _onItsWay, -size) < 0)
            throw new ProtocolException(ProtocolError.FrameTooLarge, "The server sent more output than it had credit for.");
        for (int left = size; left > 0;)
        {
            Memory<byte> space = _pipe.Writer.GetMemory(left)[..left];
            int count = await body.ReadAsync(space).ConfigureAwait(false);
            left -= count;
            _sum = Crc32C.Append(_sum, space.Span[..count]);
            _bytes += count;
            _pipe.Writer.Advance(count);
        }

        await _pipe.Writer.FlushAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _isDropped))
            await GiveBackAsync(size).ConfigureAwait(false);
    }

    /// <summary>Nothing more will come, or why.</summary>
    public void End(Exception? error) => _pipe.Writer.Complete(error);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlySequence<byte> piece = result.Buffer.Slice(0, Math.Min(buffer.Length, result.Buffer.Length));
        piece.CopyTo(buffer.Span);
        var count = (int)piece.Length;
        _pipe.Reader.AdvanceTo(piece.End);
        if (count > 0)
            await GiveBackAsync(count).ConfigureAwait(false);
        return count;
    }

    /// <summary>Passes on what has arrived, as much at a time as there is, straight from where it was received to.</summary>
    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        while (true)
        {
            ReadResult result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            SequencePosition taken = result.Buffer.Start;
            try
            {
                foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                {
                    await destination.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
                    taken = result.Buffer.GetPosition(piece.Length, taken);
                    await GiveBackAsync(piece.Length).ConfigureAwait(false);
                }
            }
            finally
            {
                _pipe.Reader.AdvanceTo(taken);
            }

            if (result.IsCompleted)
                return;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _isDropped, true))
            return;
        _pipe.Reader.Complete();
        // What was held here is not going to be read: the command need not wait for it.
        int used = CommandFrame.OutputCredit - Volatile.Read(ref _onItsWay);
        Interlocked.Add(ref _onItsWay, used);
        _ = giveCredit(used);
    }

    /// <summary>Room for more, told in larger steps than it is made.</summary>
    private async Task GiveBackAsync(int count)
    {
        int read = Interlocked.Add(ref _read, count);
        if (read < CommandFrame.OutputCredit / 4)
            return;
        Interlocked.Add(ref _read, -read);
        Interlocked.Add(ref _onItsWay, read);
        await giveCredit(read).ConfigureAwait(false);
    }
}
