using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone;

/// <summary>The frames of a stream, one after another. A type of its own so that <c>await foreach</c> calls it directly.</summary>
public sealed class FrameEnumerable : IAsyncEnumerable<ReadOnlySequence<byte>>
{
    private readonly PipeReader _input;
    private readonly FrameCodec _codec;
    private readonly PipeWriter? _flushBeforeWait;
    private readonly CancellationToken _cancellationToken;

    internal FrameEnumerable(PipeReader input, FrameCodec codec, PipeWriter? flushBeforeWait, CancellationToken cancellationToken)
    {
        _input = input;
        _codec = codec;
        _flushBeforeWait = flushBeforeWait;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Begins to read. One loop at a time: frames are taken off the stream.</summary>
    /// <param name="cancellationToken">Ends the wait for more input, as does the one that was given with the codec.</param>
    public FrameEnumerator GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        CancellationTokenSource? both = cancellationToken.CanBeCanceled && _cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancellationToken)
            : null;
        return new FrameEnumerator(
            _input,
            _codec,
            _flushBeforeWait,
            both,
            both?.Token ?? (cancellationToken.CanBeCanceled ? cancellationToken : _cancellationToken));
    }

    IAsyncEnumerator<ReadOnlySequence<byte>> IAsyncEnumerable<ReadOnlySequence<byte>>.GetAsyncEnumerator(
        CancellationToken cancellationToken) => GetAsyncEnumerator(cancellationToken);
}
