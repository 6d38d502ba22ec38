using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>The sending side of the native frame: headers and small bodies gather in one buffer until they are sent. Empty, it holds none.</summary>
internal sealed class FrameWriter : IBufferWriter<byte>, IDisposable
{
    /// <summary>More than this waiting is sent without waiting for more.</summary>
    public const int Full = 96 * 1024;

    private const int SmallestBuffer = 4 * 1024;
    private const int UsualBuffer = 256 * 1024; // room for what is full and a small file on top; only pages of listings grow beyond
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Utf8JsonWriter _json;
    private byte[]? _buffer;
    private int _header; // where the header under way begins
    private bool _isOpen; // it was begun and not ended

    public FrameWriter() => _json = new Utf8JsonWriter(this, Options);

    /// <summary>Bytes that wait to be sent.</summary>
    public int Length { get; private set; }

    /// <summary>What waits to be sent.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, Length);

    /// <summary>Begins a header, with its <c>id</c>.</summary>
    public Utf8JsonWriter Begin(long? id)
    {
        if (_isOpen)
            Length = _header; // whoever began it failed in the middle
        (_header, _isOpen) = (Length, true);
        GetSpan(sizeof(int));
        Length += sizeof(int);
        _json.Reset(this);
        _json.WriteStartObject();
        if (id is { } number)
            _json.WriteNumber("id"u8, number);
        return _json;
    }

    /// <summary>Begins the header of an answer that says yes.</summary>
    public Utf8JsonWriter BeginYes(long? id)
    {
        Utf8JsonWriter json = Begin(id);
        json.WriteBoolean("ok"u8, true);
        return json;
    }

    /// <summary>Ends the header.</summary>
    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_header), Length - _header - sizeof(int));
        _isOpen = false;
    }

    /// <summary>Begins a line of JSON in a body.</summary>
    public Utf8JsonWriter BeginLine()
    {
        _json.Reset(this);
        _json.WriteStartObject();
        return _json;
    }

    /// <summary>Ends a line of JSON.</summary>
    public void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        GetSpan(1)[0] = (byte)'\n';
        Length++;
    }

    /// <summary>A refusal.</summary>
    public void WriteError(long? id, FileError error, string message)
    {
        Utf8JsonWriter json = Begin(id);
        json.WriteString("error"u8, FileErrorCode.Of(error));
        json.WriteString("message"u8, message);
        End();
    }

    /// <summary>Where the last <paramref name="digits"/> characters of the header's last string begin: to be filled in once the body is known.</summary>
    public int LastString(int digits) => Length - digits - 2; // after it come the quotation mark and the brace

    /// <summary>Fills in what was left open.</summary>
    public Span<byte> At(int offset, int count) => _buffer.AsSpan(offset, count);

    /// <summary>Takes back everything from <paramref name="length"/> on.</summary>
    public void Truncate(int length) => (Length, _isOpen) = (length, false);

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 256));
        return _buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Sends what waits, and gives the buffer back.</summary>
    public async ValueTask SendAsync(Connection connection, CancellationToken cancellationToken = default)
    {
        if (Length > 0)
            await connection.SendAsync(Content, cancellationToken).ConfigureAwait(false);
        Clear();
    }

    /// <summary>Drops what waits, and gives the buffer back.</summary>
    public void Clear()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        (Length, _isOpen) = (0, false);
    }

    public void Dispose()
    {
        Clear();
        _json.Dispose();
    }

    private void Reserve(int count)
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(count, SmallestBuffer));
        }
        else if (_buffer.Length - Length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, Math.Min(_buffer.Length * 4, UsualBuffer)));
            _buffer.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
