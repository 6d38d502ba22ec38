using System.Buffers;
using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>The way out to a line client: what comes while it does not read waits, up to a bound, beyond which it is left out and counted.</summary>
internal sealed class LineWriter(Connection connection, Encoding encoding) : IChatLine
{
    /// <summary>Bytes that wait for a client that does not read.</summary>
    private const int MaxWaitingBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _waiting = new(); // and below: under _gate
    private List<ChatOutgoing>? _watched;             // of what waits, what somebody wants to know of
    private long _leftOut;
    private bool _isSending;
    private bool _isClosed;
    private TaskCompletionSource? _idle;
    private ArrayBufferWriter<byte> _sending = new(); // whoever sends

    public ChatTongue Tongue => ChatTongue.Line;

    public EndPoint? Address { get; } = connection.RemoteEndPoint;

    public bool IsVerified => true;

    /// <summary>Why the hub ended it; <see cref="ChatError.None"/> while it has not.</summary>
    public ChatError Ended { get; private set; }

    public bool TrySend(ChatOutgoing outgoing)
    {
        ReadOnlySpan<byte> line = outgoing.Line(encoding).Span;
        return line.Length == 0 || TryAppend(line, outgoing.IsWatched ? outgoing : null);
    }

    /// <summary>Writes something of the tongue's own.</summary>
    public void Write(string text) => TryAppend(encoding.GetBytes(text), null);

    /// <summary>Writes bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
            TryAppend(bytes, null);
    }

    public void Close(ChatError why)
    {
        Ended = why;
        Write($"* {ChatErrorCodes.Sentence(why)}\r\n");
        connection.Input.CancelPendingRead();
    }

    /// <summary>Takes nothing more, and waits until what waits is sent or cannot be.</summary>
    public Task FinishAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isSending)
                _idle.TrySetResult();
            return _idle.Task;
        }
    }

    private bool TryAppend(ReadOnlySpan<byte> bytes, ChatOutgoing? watched)
    {
        lock (_gate)
        {
            if (_isClosed)
                return false;
            if (_waiting.WrittenCount + bytes.Length > MaxWaitingBytes)
            {
                _leftOut++;
                return false;
            }

            if (_leftOut > 0 && _waiting.WrittenCount == 0)
            {
                _waiting.Write(encoding.GetBytes($"* {_leftOut} lines were left out here: you read too slowly.\r\n"));
                _leftOut = 0;
            }

            _waiting.Write(bytes);
            if (watched is not null)
                (_watched ??= []).Add(watched);
            if (_isSending)
                return true;
            _isSending = true;
        }

        // Where connections block, this thread must not: others wait for what it brings them.
        _ = connection.IsBlocking ? Task.Run(SendAsync) : SendAsync();
        return true;
    }

    private async Task SendAsync()
    {
        bool isBroken = false;
        while (true)
        {
            List<ChatOutgoing>? watched;
            lock (_gate)
            {
                if (isBroken)
                {
                    _isClosed = true;
                    _waiting.ResetWrittenCount();
                }

                (watched, _watched) = (_watched, null);
                if (_waiting.WrittenCount == 0 && watched is null)
                {
                    _isSending = false;
                    _idle?.TrySetResult();
                    return;
                }

                (_waiting, _sending) = (_sending, _waiting);
            }

            try
            {
                if (!isBroken)
                    await connection.SendAsync(_sending.WrittenMemory).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TransportException or ObjectDisposedException)
            {
                isBroken = true; // the reader hears of it too, and ends the conversation
            }

            _sending.ResetWrittenCount();
            foreach (ChatOutgoing each in watched ?? [])
                each.Tell(!isBroken);
        }
    }
}
