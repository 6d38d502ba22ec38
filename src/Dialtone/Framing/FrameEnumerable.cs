using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone;

/// <summary>
/// The frames of a stream. Frames that arrived together are handed out without waiting, and nothing is allocated for
/// any of them: the one iterator below waits for input, and <see cref="Enumerator.MoveNextAsync"/> reads on from there.
/// </summary>
internal sealed class FrameEnumerable(
    PipeReader input, FrameCodec codec, PipeWriter? flushBeforeWait, CancellationToken cancellationToken)
    : IAsyncEnumerable<ReadOnlySequence<byte>>
{
    // Pending output is flushed at this size even while input is at hand, so that no burst of requests can pile it up.
    private const int MaxPendingBytes = 64 * 1024;

    public IAsyncEnumerator<ReadOnlySequence<byte>> GetAsyncEnumerator(CancellationToken cancellation)
    {
        // WithCancellation, on top of the token that was given with the codec.
        CancellationTokenSource? both = cancellation.CanBeCanceled && cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellation, cancellationToken)
            : null;
        return new Enumerator(
            input,
            codec,
            flushBeforeWait,
            both,
            both?.Token ?? (cancellation.CanBeCanceled ? cancellation : cancellationToken));
    }

    private sealed class Enumerator : IAsyncEnumerator<ReadOnlySequence<byte>>
    {
        private readonly PipeReader _input;
        private readonly FrameCodec _codec;
        private readonly PipeWriter? _output;
        private readonly CancellationTokenSource? _both;
        private readonly IAsyncEnumerator<bool> _arrivals;
        private ReadOnlySequence<byte> _rest;      // of what the input has lent
        private ReadOnlySequence<byte> _current;
        private FrameProgress _progress;
        private bool _holdsInput;

        public Enumerator(
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

        public ReadOnlySequence<byte> Current => _current;

        public ValueTask<bool> MoveNextAsync() =>
            _holdsInput && !IsTooMuchPending() && ReadOne() ? new(true) : _arrivals.MoveNextAsync();

        public ValueTask DisposeAsync()
        {
            _both?.Dispose();
            if (_holdsInput)
            {
                // What stands behind the last frame is left unexamined, for the next reader.
                _holdsInput = false;
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
                _rest = result.Buffer;
                _holdsInput = true;
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

        private bool ReadOne() => _codec.Read(ref _rest, ref _progress, out _current) is FrameStatus.Whole;

        private bool IsTooMuchPending() => _output?.UnflushedBytes > MaxPendingBytes;
    }
}
