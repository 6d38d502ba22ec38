using System.Buffers;
using System.Text;

namespace Dialtone.Commands;

/// <summary>What a command wrote to one stream, kept until its length is known: in memory at first, then in a temporary file that is gone when closed.</summary>
internal sealed class Spool : IDisposable
{
    private const int MaxMemoryBytes = 1024 * 1024;
    private const int ReadBytes = 64 * 1024;
    private readonly Decoder? _decoder;
    private readonly Encoder? _encoder;
    private Stream _stream = new MemoryStream();

    /// <param name="encoding">What UTF-8 is turned into on the way; null leaves bytes as they are.</param>
    public Spool(Encoding? encoding)
    {
        if (encoding is not null)
            (_decoder, _encoder) = (Encoding.UTF8.GetDecoder(), encoding.GetEncoder());
    }

    public long Length => _stream.Length;

    /// <summary>Takes all that a stream has.</summary>
    public async Task FillAsync(Stream source)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer).ConfigureAwait(false)) > 0)
                Write(buffer.AsSpan(0, count), isLast: false);
            Write([], isLast: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Adds a text of our own behind it.</summary>
    public void Append(string text) => Write(Encoding.UTF8.GetBytes(text), isLast: true);

    /// <summary>From the beginning.</summary>
    public Stream Open()
    {
        _stream.Position = 0;
        return _stream;
    }

    public void Dispose() => _stream.Dispose();

    private void Write(ReadOnlySpan<byte> bytes, bool isLast)
    {
        if (_decoder is null || _encoder is null)
        {
            Keep(bytes);
            return;
        }

        // Both keep what was cut in the middle of a character for the next piece.
        char[] letters = ArrayPool<char>.Shared.Rent(_decoder.GetCharCount(bytes, isLast));
        int count = _decoder.GetChars(bytes, letters, isLast);
        byte[] encoded = ArrayPool<byte>.Shared.Rent(_encoder.GetByteCount(letters.AsSpan(0, count), isLast));
        Keep(encoded.AsSpan(0, _encoder.GetBytes(letters.AsSpan(0, count), encoded, isLast)));
        ArrayPool<char>.Shared.Return(letters);
        ArrayPool<byte>.Shared.Return(encoded);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_stream is MemoryStream memory && memory.Length + bytes.Length > MaxMemoryBytes)
        {
            var file = new FileStream(PrivateTemporaryFile.Open(), FileAccess.ReadWrite);
            memory.Position = 0;
            memory.CopyTo(file);
            memory.Dispose();
            _stream = file;
        }

        _stream.Write(bytes);
    }
}
