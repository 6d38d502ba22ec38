using System.Buffers.Binary;

namespace Dialtone.Files;

/// <summary>What follows a request's header: how much of it has not been read, so that a refusal knows what to drop. One for all requests of a conversation.</summary>
internal sealed class RequestBody
{
    private bool _isUnmeasured; // nobody can tell where it ends

    /// <summary>Where it comes from.</summary>
    public FrameReader Input { get; set; } = null!;

    /// <summary>Bytes still to come: of the whole, or of the chunk under way.</summary>
    public long Left { get; private set; }

    /// <summary>Whether it comes in chunks, the last of which has not begun.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Whether a trailer with the digest comes after it.</summary>
    public bool HasTrailer { get; private set; }

    /// <summary>Whether nothing of the request is still to come.</summary>
    public bool IsRead => Left == 0 && !IsChunked && !HasTrailer && !_isUnmeasured;

    /// <summary>A request has come.</summary>
    public void Begin(NativeRequest request)
    {
        (Left, IsChunked, HasTrailer, _isUnmeasured) = (0, false, false, false);
        if (request is { HasCommand: true, Command: null })
        {
            // Newer than this side: whatever follows is as long as its size says.
            Left = request.Size ?? 0;
            _isUnmeasured = request.Problem is not null;
        }
        else if (request.HasBody)
        {
            long? size = request.IsTutorial ? request.TutorialSize ?? request.Size : request.Size;
            Left = size ?? 0;
            IsChunked = request is { Chunked: true, IsTutorial: false };
            HasTrailer = request is { Verify: not null, Crc32C: null, Sha256: null, IsTutorial: false };
            _isUnmeasured = request.Problem is not null || IsChunked == size is not null;
        }
    }

    /// <summary>All of it in one piece. Only where it is not chunked and short.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync()
    {
        int count = (int)Left;
        Left = 0;
        return count == 0 ? default : await Input.TakeAsync(count).ConfigureAwait(false);
    }

    /// <summary>The next bytes; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Left == 0 && IsChunked)
            await BeginChunkAsync(cancellationToken).ConfigureAwait(false);
        if (Left == 0)
            return 0;
        int count = await Input.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Left)], cancellationToken).ConfigureAwait(false);
        Left -= count;
        return count;
    }

    /// <summary>The trailer, where one is due.</summary>
    public async ValueTask<NativeRequest?> ReadTrailerAsync(CancellationToken cancellationToken = default)
    {
        if (!HasTrailer)
            return null;
        while (true)
        {
            if (Input.TryReadHeader(NativeLimits.MaxHeaderBeforeLogin, out ReadOnlySpan<byte> json))
            {
                HasTrailer = false;
                return NativeRequest.Parse(json);
            }

            if (!await Input.FillAsync(cancellationToken).ConfigureAwait(false))
                throw FrameReader.Truncated(1);
        }
    }

    /// <summary>Reads over what is left: false if that would be too much, or nobody knows how much it is.</summary>
    public async ValueTask<bool> TryDropAsync()
    {
        if (_isUnmeasured)
            return false;
        for (long dropped = 0; Left > 0 || IsChunked;)
        {
            dropped += Left;
            if (dropped > NativeLimits.MaxDropped)
                return false;
            await Input.SkipAsync(Left).ConfigureAwait(false);
            Left = 0;
            if (IsChunked)
                await BeginChunkAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await ReadTrailerAsync().ConfigureAwait(false);
        return true;
    }

    private async ValueTask BeginChunkAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> length = await Input.TakeAsync(sizeof(int), cancellationToken).ConfigureAwait(false);
        int count = BinaryPrimitives.ReadInt32LittleEndian(length.Span);
        if (count is < 0 or > NativeLimits.MaxChunk)
            throw new ProtocolException(count < 0 ? ProtocolError.NegativeLength : ProtocolError.BodyTooLarge, $"A chunk of {count} bytes is announced.");
        Left = count;
        IsChunked = count > 0;
    }
}
