using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Dialtone;

/// <summary>
/// Reads frames. Those that arrived together are handed out without waiting, and nothing is allocated for any of them:
/// the one iterator below waits for input, and <see cref="MoveNextAsync"/> reads on from there.
/// </summary>
public sealed class FrameEnumerator : IAsyncEnumerator<ReadOnlySequence<byte>>
{
    // Pending output is flushed at this size even while input is at hand, so that no burst of requests can pile it up.
    private const int MaxPendingBytes = 64 * 1024;

    private readonly PipeReader _input;
    private readonly FrameCodec _codec;
    private readonly PipeWriter? _output;
    private readonly CancellationTokenSource? _both;
    private readonly IAsyncEnumerator<bool> _arrivals;
    private ReadOnlySequence<byte> _rest;          // of what the input has lent
    private ReadOnlySequenceSegment<byte>? _piece; // instead of it, while what was lent is in one piece
    private int _pieceStart;
    private int _pieceEnd;
    private ReadOnlySequence<byte> _current;
    private FrameProgress _progress;
    private bool _holdsInput;

    internal FrameEnumerator(
        PipeReader input,
        FrameCodec codec,
        PipeWriter? output,
        CancellationTokenSource? both,
        CancellationToken cancellationToken)
    {
        _input = input;
        _codec = codec;
        _output = output;
        _both = both;
        _arrivals = ArrivalsAsync(cancellationToken);
    }

    /// <summary>The frame's content, lent until the next call of <see cref="MoveNextAsync"/>.</summary>
    public ReadOnlySequence<byte> Current => _current;

    /// <summary>Goes on to the next frame; false once the peer has finished.</summary>
    /// <exception cref="ProtocolException">The bytes cannot be a frame, or the stream ended inside it.</exception>
    public ValueTask<bool> MoveNextAsync() =>
        _holdsInput && !IsTooMuchPending() && ReadOne() ? new(true) : _arrivals.MoveNextAsync();

    /// <summary>Gives the input back: what stands behind the last frame is left unexamined, for the next reader.</summary>
    public ValueTask DisposeAsync()
    {
        _both?.Dispose();
        if (_holdsInput)
        {
            _holdsInput = false;
            PutTogether();
            _input.AdvanceTo(_rest.Start);
        }

        return default;
    }

    /// <summary>Each step waits until there is a frame and reads it.</summary>
    private async IAsyncEnumerator<bool> ArrivalsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_output?.UnflushedBytes > 0)
            {
                await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            ReadResult result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            PipeFraming.ThrowIfCancelled(result, _input);
            Take(result.Buffer);
            while (ReadOne())
            {
                yield return true;
                if (IsTooMuchPending())
                {
                    await _output!.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            _holdsInput = false;
            _input.AdvanceTo(_rest.Start, _rest.End);
            if (result.IsCompleted)
            {
                PipeFraming.ThrowIfTruncated(_rest, _progress);
                yield break;
            }
        }
    }

    private void Take(in ReadOnlySequence<byte> input)
    {
        _holdsInput = true;
        _rest = input;
        SequencePosition start = input.Start;
        SequencePosition end = input.End;
        if (start.GetObject() is ReadOnlySequenceSegment<byte> first && ReferenceEquals(first, end.GetObject()))
        {
            (_piece, _pieceStart, _pieceEnd) = (first, start.GetInteger(), end.GetInteger());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ReadOne()
    {
        if (_piece is { } piece)
        {
            // The usual case, without the cost of slicing a sequence twice for every frame.
            if (_codec.TryMeasure(piece.Memory.Span[_pieceStart.._pieceEnd], out int head, out int content))
            {
                _progress = default;
                int start = _pieceStart + head;
                _pieceStart = start + content;
                _current = new ReadOnlySequence<byte>(piece, start, piece, _pieceStart);
                return true;
            }

            PutTogether();
        }

        return _codec.Read(ref _rest, ref _progress, out _current) is FrameStatus.Whole;
    }

    private void PutTogether()
    {
        if (_piece is { } piece)
        {
            _rest = new ReadOnlySequence<byte>(piece, _pieceStart, piece, _pieceEnd);
            _piece = null;
        }
    }

    private bool IsTooMuchPending() => _output?.UnflushedBytes > MaxPendingBytes;
}
