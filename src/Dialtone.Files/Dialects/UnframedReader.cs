using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Dialtone.Files;

/// <summary>
/// Reads a conversation whose messages nothing ends, as the socket tutorials have them. A message ends where its form or the next message's first
/// word says so, where the stream ends, or where the peer pauses (PROTOCOL.md, "Where a request ends").
/// </summary>
/// <remarks>One reader per connection, which holds what it received beyond a message; an idle one holds no buffer.</remarks>
internal sealed class UnframedReader(Connection call, TimeProvider time) : IDisposable
{
    /// <summary>The pause that ends a message which arrived in one piece.</summary>
    public static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(5);

    /// <summary>The pause that ends a message of a peer that sends in pieces, or one that nobody waits for an answer to.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(100);

    /// <summary>What Python's <c>bytes.strip</c> takes off.</summary>
    public static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n\v\f"u8);

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private byte[] _held = [];
    private int _start;
    private int _end;
    private bool _comesInPieces;

    /// <summary>The longest message, in bytes. Default 4 KiB.</summary>
    public int MaxBytes { get; set; } = 4 * 1024;

    /// <summary>Whether the peer has finished sending, and all of it was received.</summary>
    public bool HasEnded { get; private set; }

    private ReadOnlySpan<byte> Held => _held.AsSpan(_start, _end - _start);

    /// <summary>The next message without the white space around it; null at the end of the stream.</summary>
    /// <param name="grammar">What messages look like.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost.</param>
    /// <exception cref="ProtocolException">The bytes are no message, too many, no UTF-8, or end in the middle of a word.</exception>
    public async ValueTask<string?> ReadAsync(Grammar grammar, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            SkipWhiteSpace();
            if (_start == _end)
            {
                if (HasEnded)
                    return null;
                await FillAsync(null, cancellationToken).ConfigureAwait(false);
                continue;
            }

            Extent extent = grammar(Held);
            if (extent.Certainty == Certainty.Foreign)
                throw new ProtocolException(ProtocolError.BadHeader, "The bytes begin no request of this dialect.");
            if (extent.Certainty == Certainty.Whole)
                return Take(extent.Length);
            if (HasEnded)
                return extent.Certainty == Certainty.Part ? throw Truncated() : Take(_end - _start);
            if (_end - _start >= MaxBytes)
                throw new ProtocolException(ProtocolError.FrameTooLarge, $"The request is longer than {MaxBytes} bytes.");

            // Whoever sends half a word, or on after half a pause, sends in pieces; from then on only a long pause ends a message.
            if (extent.Certainty == Certainty.Part)
            {
                _comesInPieces = true;
                await FillAsync(null, cancellationToken).ConfigureAwait(false);
                continue;
            }

            bool isPatient = _comesInPieces || extent.Certainty == Certainty.Patient || EndsInsideCharacter();
            if (!await FillAsync(isPatient ? LongPause : ShortPause, cancellationToken).ConfigureAwait(false))
                return Take(_end - _start);
            _comesInPieces |= !HasEnded;
        }
    }

    /// <summary>Takes off what the peer has to say before a content is sent, if that is what it says next.</summary>
    /// <returns>False if it says something else, which stays, or has finished.</returns>
    public async ValueTask<bool> TryTakeAsync(ReadOnlyMemory<byte> literal, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            SkipWhiteSpace();
            int compared = Math.Min(_end - _start, literal.Length);
            if (!Held[..compared].SequenceEqual(literal.Span[..compared]))
                return false;
            if (compared == literal.Length)
            {
                Consume(compared);
                return true;
            }

            if (HasEnded)
                return false;
            await FillAsync(null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether what follows a content can be what the peer says next: the beginning of a message, its end, or a long pause. If it is not, the
    /// content was longer than its length said.
    /// </summary>
    public async ValueTask<bool> IsAtMessageAsync(Grammar grammar, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            SkipWhiteSpace();
            if (_start < _end && grammar(Held).Certainty is var certainty and not Certainty.Part)
                return certainty != Certainty.Foreign;
            if (HasEnded || !await FillAsync(LongPause, cancellationToken).ConfigureAwait(false))
                return true;
        }
    }

    /// <summary>Receives content: what is held first, then straight from the connection. 0 at the end of the stream.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start < _end)
        {
            int count = Math.Min(buffer.Length, _end - _start);
            Held[..count].CopyTo(buffer.Span);
            Consume(count);
            return count;
        }

        int received = HasEnded ? 0 : await call.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        HasEnded |= received == 0;
        return received;
    }

    /// <summary>Whether nothing but the end comes within a pause.</summary>
    public async ValueTask<bool> IsQuietAsync(TimeSpan pause, CancellationToken cancellationToken = default)
    {
        if (_start == _end && !HasEnded)
            await FillAsync(pause, cancellationToken).ConfigureAwait(false);
        return _start == _end;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => Release();

    /// <summary>Receives more behind what is held: false if nothing came within the pause.</summary>
    private async ValueTask<bool> FillAsync(TimeSpan? pause, CancellationToken cancellationToken)
    {
        if (_start == _end && pause is null)
            await call.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        MakeRoom();
        using CancellationTokenSource? quiet = pause is { } length ? new CancellationTokenSource(length, time) : null;
        using CancellationTokenSource? either = quiet is not null && cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellationToken)
            : null;
        try
        {
            int count = await call.ReceiveAsync(_held.AsMemory(_end), either?.Token ?? quiet?.Token ?? cancellationToken).ConfigureAwait(false);
            _end += count;
            HasEnded |= count == 0;
            return true;
        }
        catch (OperationCanceledException) when (quiet is { IsCancellationRequested: true } && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void MakeRoom()
    {
        if (_held.Length == 0)
            _held = ArrayPool<byte>.Shared.Rent(MaxBytes);
        if (_end < _held.Length)
            return;
        Held.CopyTo(_held);
        _end -= _start;
        _start = 0;
        if (_end < _held.Length)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(_held.Length * 2);
        _held.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_held, clearArray: true);
        _held = larger;
    }

    private string Take(int length)
    {
        try
        {
            ReadOnlySpan<byte> message = Held[..length];
            return StrictUtf8.GetString(message[..(message.LastIndexOfAnyExcept(WhiteSpace) + 1)]);
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException(ProtocolError.BadText, "The request is not valid UTF-8.");
        }
        finally
        {
            Consume(length);
        }
    }

    private void Consume(int count)
    {
        _start += count;
        if (_start == _end)
            Release();
    }

    private void Release()
    {
        if (_held.Length > 0)
            ArrayPool<byte>.Shared.Return(_held, clearArray: true); // it may have held a password
        _held = [];
        _start = _end = 0;
    }

    private void SkipWhiteSpace()
    {
        int count = Held.IndexOfAnyExcept(WhiteSpace);
        if (_start < _end)
            Consume(count < 0 ? _end - _start : count);
    }

    private bool EndsInsideCharacter()
    {
        ReadOnlySpan<byte> tail = Held[^Math.Min(3, _end - _start)..];
        for (int i = tail.Length - 1; i >= 0; i--)
        {
            if ((tail[i] & 0xC0) != 0x80) // the last byte that begins a character
                return tail[i] >= 0xC0 && !Utf8.IsValid(tail[i..]);
        }

        return false;
    }

    private ProtocolException Truncated() =>
        new(ProtocolError.TruncatedFrame, $"The connection ended inside a request, after {_end - _start} bytes of it.");
}
