using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>A stream that arrives in frames: held up to its credit, and given back as it is read.</summary>
/// <param name="giveCredit">Never holds its caller up: the receiver must not wait for a send, since the peer may be waiting for the receiver.</param>
internal sealed class ReceivedStream(Func<int, Task> giveCredit) : ReadOnlyStream
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private uint _sum;
    private long _bytes;
    private int _onItsWay = CommandFrame.OutputCredit; // credit not used yet
    private int _read;                                 // not given back yet
    private long _held;                                // arrived, and not read yet
    private Stream? _prompt;                           // where PassToAsync passes it
    private (Task Writing, int Bytes)? _begun;         // what the receiver has begun to pass on and not ended: the first of what is held
    private bool _isDropped;

    /// <summary>What has arrived.</summary>
    public StreamReport Report => new(_bytes, _sum);

    /// <exception cref="ProtocolException">It is more than there was credit for.</exception>
    public async ValueTask TakeAsync(Stream body, int size)
    {
        if (Interlocked.Add(ref _onItsWay, -size) < 0)
            throw new ProtocolException(ProtocolError.FrameTooLarge, "The server sent more output than it had credit for.");
        bool isHeld = false;
        for (int left = size; left > 0;)
        {
            Memory<byte> space = _pipe.Writer.GetMemory(left)[..left];
            int count = await body.ReadAsync(space).ConfigureAwait(false);
            left -= count;
            _sum = Crc32C.Append(_sum, space.Span[..count]);
            _bytes += count;
            if (TryPass(space[..count]))
                continue;
            isHeld = true;
            Interlocked.Add(ref _held, count);
            _pipe.Writer.Advance(count);
        }

        if (isHeld)
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
    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        return PassHeldAsync(destination, cancellationToken);
    }

    /// <summary>
    /// As <see cref="CopyToAsync"/>, without a switch of threads: what arrives is passed on by the thread that receives it, as long as the destination keeps up.
    /// </summary>
    /// <param name="destination">Its <c>WriteAsync</c> never holds its caller up, who has another stream to serve.</param>
    public Task PassToAsync(Stream destination)
    {
        Volatile.Write(ref _prompt, destination);
        return PassHeldAsync(destination, default);
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

    /// <summary>Passes on what has just arrived, if nothing that came before is still held.</summary>
    private bool TryPass(ReadOnlyMemory<byte> piece)
    {
        if (Volatile.Read(ref _prompt) is not { } destination || Interlocked.Read(ref _held) > 0)
            return false;
        ValueTask writing = destination.WriteAsync(piece);
        if (!writing.IsCompletedSuccessfully)
        {
            _begun = (writing.AsTask(), piece.Length); // for PassToAsync to end
            return false;
        }

        if (Credit(piece.Length) is > 0 and int credit)
            _ = giveCredit(credit);
        return true;
    }

    /// <summary>Passes on what is held, to the end; what the receiver has begun to pass on comes first.</summary>
    private async Task PassHeldAsync(Stream destination, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            SequencePosition taken = result.Buffer.Start;
            try
            {
                if (_begun is var (writing, bytes))
                {
                    _begun = null;
                    await writing.ConfigureAwait(false);
                    taken = result.Buffer.GetPosition(bytes, taken);
                    await GiveBackAsync(bytes).ConfigureAwait(false);
                }

                foreach (ReadOnlyMemory<byte> piece in result.Buffer.Slice(taken))
                {
                    if (piece.IsEmpty)
                        continue; // nothing is held any more, and the receiver may be writing
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

    private Task GiveBackAsync(int count)
    {
        Interlocked.Add(ref _held, -count);
        return Credit(count) is > 0 and int credit ? giveCredit(credit) : Task.CompletedTask;
    }

    /// <summary>Room for more, told in larger steps than it is made: how much to tell now.</summary>
    private int Credit(int count)
    {
        if (Interlocked.Add(ref _read, count) < CommandFrame.OutputCredit / 4)
            return 0;
        int read = Interlocked.Exchange(ref _read, 0); // once, though the receiver and whoever passes on what is held may both be here
        Interlocked.Add(ref _onItsWay, read);
        return read;
    }
}
