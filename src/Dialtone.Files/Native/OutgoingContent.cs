using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>
/// A large body on its way out. While few transfers run, the next piece is read and its digest computed while the last one is sent: reading costs as much
/// time as sending, and both ends of a line wait for the slower.
/// </summary>
internal sealed class OutgoingContent : IAsyncDisposable
{
    private readonly FileDownload _download;
    private readonly IncrementalHash? _sha256;
    private readonly bool _wantsCrc;
    private readonly long _end;
    private readonly byte[] _first;
    private readonly byte[]? _second;
    private byte[] _next;
    private long _at;
    private Task<int>? _ahead;

    public OutgoingContent(FileDownload download, long offset, long length, string? verify)
    {
        (_download, _at, _end) = (download, offset, offset + length);
        _wantsCrc = verify == "crc32c";
        _sha256 = verify == "sha256" ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        _next = _first = TransferBuffers.Rent(length);
        _second = TransferBuffers.TryRentSecond(length);
    }

    /// <summary>Why the content from here on is zeros; null while all is well.</summary>
    public FileException? Failure { get; private set; }

    /// <summary>The CRC-32C of what was read so far; null if nobody asked.</summary>
    public uint? Crc { get; private set; }

    /// <summary>The SHA-256 of what was read so far; null if nobody asked. Ends the computation.</summary>
    public byte[]? FinishSha256() => _sha256?.GetHashAndReset();

    /// <summary>The next piece; empty at the end. It is the caller's until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        Task<int>? ahead = _ahead;
        _ahead = null;
        byte[] piece = _next;
        int count = await (ahead is null ? FillAsync(piece) : new ValueTask<int>(ahead)).ConfigureAwait(false);
        if (_second is not null && _at < _end)
        {
            _next = piece == _first ? _second : _first;
            _ahead = Task.Run(() => FillAsync(_next).AsTask());
        }

        return piece.AsMemory(0, count);
    }

    public async ValueTask DisposeAsync()
    {
        if (_ahead is not null)
            await ((Task)_ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it still fills its buffer; nobody wants the content
        _sha256?.Dispose();
        TransferBuffers.Return(_first);
        if (_second is not null)
            TransferBuffers.Return(_second);
    }

    private async ValueTask<int> FillAsync(byte[] piece)
    {
        int count = (int)Math.Min(piece.Length, _end - _at);
        if (Failure is null)
        {
            try
            {
                int read = await _download.ReadAsync(_at, piece.AsMemory(0, count)).ConfigureAwait(false);
                if (read > 0)
                    count = read;
                else
                    Failure = Refusals.Changed;
            }
            catch (FileException e)
            {
                Failure = e;
            }
        }

        // The header has promised so many bytes: zeros fill them, and what follows the content says what they are.
        if (Failure is not null)
            piece.AsSpan(0, count).Clear();
        _sha256?.AppendData(piece.AsSpan(0, count));
        if (_wantsCrc)
            Crc = Crc32C.Append(Crc ?? 0, piece.AsSpan(0, count));
        _at += count;
        return count;
    }
}
