using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dialtone;

/// <summary>Frames and lines over a <see cref="PipeReader"/> and a <see cref="PipeWriter"/>.</summary>
/// <remarks>
/// Reading takes from the pipe what it hands over and not a byte more, so another codec can go on where one stopped.
/// A stream that ends between two frames has ended; one that ends inside a frame throws
/// <see cref="ProtocolError.TruncatedFrame"/>.
/// </remarks>
public static class PipeFraming
{
    // A larger frame is not copied whole beside its head: the rest leaves straight from the caller's memory.
    private const int CopiedBytes = 4 * 1024;

    /// <summary>The frames of a stream, until it ends.</summary>
    /// <param name="input">Not read by anybody else until the loop has ended; leave the loop to change the codec.</param>
    /// <param name="codec">How frames are told apart.</param>
    /// <param name="flushBeforeWait">
    /// Flushed whenever the loop must wait for input (or 64 KiB are pending): answers written with
    /// <see cref="WriteFrame(PipeWriter, FrameCodec, ReadOnlySpan{byte})"/> in the loop then leave together.
    /// Nobody else may write to it meanwhile.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for more input.</param>
    /// <returns>Each frame is lent until the loop asks for the next one.</returns>
    /// <exception cref="ProtocolException">The bytes cannot be frames, or the stream ended inside one.</exception>
    public static FrameEnumerable ReadFramesAsync(
        this PipeReader input,
        FrameCodec codec,
        PipeWriter? flushBeforeWait = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(codec);
        return new FrameEnumerable(input, codec, flushBeforeWait, cancellationToken);
    }

    /// <summary>The next frame, appended to <paramref name="destination"/>.</summary>
    /// <returns>False if the stream ended before it.</returns>
    /// <exception cref="ProtocolException">The bytes cannot be a frame, or the stream ended inside it.</exception>
    public static ValueTask<bool> ReadFrameAsync(
        this PipeReader input,
        FrameCodec codec,
        IBufferWriter<byte> destination,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return ReadOneAsync(
            input,
            codec,
            static (frame, destination) =>
            {
                foreach (ReadOnlyMemory<byte> piece in frame)
                {
                    destination.Write(piece.Span);
                }

                return true;
            },
            destination,
            cancellationToken);
    }

    /// <summary>The next frame as an array of its own, or null if the stream ended before it.</summary>
    /// <exception cref="ProtocolException">The bytes cannot be a frame, or the stream ended inside it.</exception>
    public static ValueTask<byte[]?> ReadFrameAsync(
        this PipeReader input, FrameCodec codec, CancellationToken cancellationToken = default) =>
        ReadOneAsync<byte[]?, object?>(
            input, codec, static (frame, _) => frame.ToArray(), state: null, cancellationToken);

    /// <summary>The lines of a stream without their endings (LF or CRLF), until it ends.</summary>
    /// <param name="input">Free for other readers inside the loop: nothing behind the line was taken.</param>
    /// <param name="maxBytes">Longest line, in bytes without its ending. Default 64 KiB, as asyncio's.</param>
    /// <param name="encoding">
    /// Any that keeps ASCII as it is. Default UTF-8, in which invalid bytes become U+FFFD; an encoding that throws gives
    /// <see cref="ProtocolError.BadText"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for more input.</param>
    /// <exception cref="ProtocolException">A line is too long or not text, or the stream ended inside it.</exception>
    public static async IAsyncEnumerable<string> ReadLinesAsync(
        this PipeReader input,
        int maxBytes = Framing.DefaultMaxLineBytes,
        Encoding? encoding = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        FrameCodec codec = LinesOf(maxBytes);
        while (await ReadTextAsync(input, codec, encoding, cancellationToken).ConfigureAwait(false) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>The next line without its ending (LF or CRLF), or null if the stream ended before it.</summary>
    /// <inheritdoc cref="ReadLinesAsync"/>
    public static ValueTask<string?> ReadLineAsync(
        this PipeReader input,
        int maxBytes = Framing.DefaultMaxLineBytes,
        Encoding? encoding = null,
        CancellationToken cancellationToken = default) =>
        ReadTextAsync(input, LinesOf(maxBytes), encoding, cancellationToken);

    /// <summary>Writes a frame without sending it: it leaves with the next flush.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    public static void WriteFrame(this PipeWriter output, FrameCodec codec, ReadOnlySpan<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(codec);
        codec.Write(output, frame);
    }

    /// <inheritdoc cref="WriteFrame(PipeWriter, FrameCodec, ReadOnlySpan{byte})"/>
    public static void WriteFrame(this PipeWriter output, FrameCodec codec, in ReadOnlySequence<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(codec);
        codec.Write(output, frame);
    }

    /// <summary>Writes a frame and sends it, head and content together, with what was written before.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    public static ValueTask WriteFrameAsync(
        this PipeWriter output, FrameCodec codec, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(codec);
        if (frame.Length > CopiedBytes)
        {
            return WriteLargeFrameAsync(output, codec, frame, cancellationToken);
        }

        codec.Write(output, frame.Span);
        return FlushedAsync(output.FlushAsync(cancellationToken));
    }

    /// <inheritdoc cref="WriteFrameAsync(PipeWriter, FrameCodec, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static ValueTask WriteFrameAsync(
        this PipeWriter output,
        FrameCodec codec,
        in ReadOnlySequence<byte> frame,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (frame.IsSingleSegment)
        {
            return WriteFrameAsync(output, codec, frame.First, cancellationToken);
        }

        output.WriteFrame(codec, frame);
        return FlushedAsync(output.FlushAsync(cancellationToken));
    }

    /// <summary>Writes a line and sends it, with what was written before.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="line">Without its ending.</param>
    /// <param name="ending">Default LF.</param>
    /// <param name="encoding">Any that keeps ASCII as it is. Default UTF-8.</param>
    /// <param name="cancellationToken">Ends the wait for the send.</param>
    /// <exception cref="ProtocolException">
    /// The line contains a line feed or ends in a carriage return, and would arrive as something else; or the encoding
    /// refuses it. Nothing was written.
    /// </exception>
    public static ValueTask WriteLineAsync(
        this PipeWriter output,
        string line,
        LineEnding ending = LineEnding.Lf,
        Encoding? encoding = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(line);
        WriteLine(output, line, ending, encoding ?? Encoding.UTF8);
        return FlushedAsync(output.FlushAsync(cancellationToken));
    }

    internal static ValueTask FlushedAsync(ValueTask<FlushResult> flush)
    {
        if (!flush.IsCompletedSuccessfully)
        {
            return AwaitAsync(flush);
        }

        _ = flush.GetAwaiter().GetResult();
        return default;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask AwaitAsync(ValueTask<FlushResult> flush) => await flush.ConfigureAwait(false);
    }

    /// <summary>One frame, copied out by <paramref name="take"/> before the pipe gets its memory back.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal static async ValueTask<TResult?> ReadOneAsync<TResult, TState>(
        PipeReader input,
        FrameCodec codec,
        Func<ReadOnlySequence<byte>, TState, TResult> take,
        TState state,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(codec);
        var progress = default(FrameProgress);
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfCancelled(result, input);
            ReadOnlySequence<byte> rest = result.Buffer;
            bool more = true;
            try
            {
                if (codec.Read(ref rest, ref progress, out ReadOnlySequence<byte> frame) is FrameStatus.Whole)
                {
                    more = false;
                    return take(frame, state);
                }
            }
            finally
            {
                input.AdvanceTo(rest.Start, more ? rest.End : rest.Start);
            }

            if (result.IsCompleted)
            {
                ThrowIfTruncated(rest, progress);
                return default;
            }
        }
    }

    internal static void ThrowIfCancelled(in ReadResult result, PipeReader input)
    {
        if (result.IsCanceled)
        {
            input.AdvanceTo(result.Buffer.Start);
            throw new OperationCanceledException("The read was cancelled.");
        }
    }

    internal static void ThrowIfTruncated(in ReadOnlySequence<byte> rest, in FrameProgress progress)
    {
        if (!rest.IsEmpty)
        {
            throw ProtocolException.Truncated(progress.Missing);
        }
    }

    private static FrameCodec LinesOf(int maxBytes) =>
        maxBytes == Framing.DefaultMaxLineBytes ? Framing.DefaultLine : Framing.Line(maxBytes);

    private static ValueTask<string?> ReadTextAsync(
        PipeReader input, FrameCodec codec, Encoding? encoding, CancellationToken cancellationToken) =>
        ReadOneAsync(
            input,
            codec,
            static (frame, encoding) =>
            {
                try
                {
                    return encoding.GetString(frame);
                }
                catch (DecoderFallbackException e)
                {
                    throw new ProtocolException(ProtocolError.BadText, $"The line is not {encoding.WebName}.", e);
                }
            },
            encoding ?? Encoding.UTF8,
            cancellationToken)!;

    private static void WriteLine(PipeWriter output, string line, LineEnding ending, Encoding encoding)
    {
        if (line.Contains('\n', StringComparison.Ordinal) || line.EndsWith('\r'))
        {
            throw LineCodec.NotOneLine();
        }

        try
        {
            int bytes = encoding.GetByteCount(line);
            Span<byte> span = output.GetSpan(bytes + 2);
            encoding.GetBytes(line, span);
            ReadOnlySpan<byte> end = LineCodec.BytesOf(ending);
            end.CopyTo(span[bytes..]);
            output.Advance(bytes + end.Length);
        }
        catch (EncoderFallbackException e)
        {
            throw new ProtocolException(ProtocolError.BadText, $"The line cannot be written as {encoding.WebName}.", e);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask WriteLargeFrameAsync(
        PipeWriter output, FrameCodec codec, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        codec.Check(frame.Span);
        int copied = Math.Max(0, CopiedBytes - codec.MaxHeadBytes);
        codec.WriteHeadTo(output, frame.Length);
        output.Write(frame.Span[..copied]);
        await output.WriteAsync(frame[copied..], cancellationToken).ConfigureAwait(false);
        if (codec.Tail.Length > 0)
        {
            output.Write(codec.Tail.Span);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
