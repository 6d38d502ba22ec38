using System.Runtime.CompilerServices;
using System.Text;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>In datagrams of text, as the tutorials' programs do. Nothing says that one arrived but an answer, which counts for the oldest that has none.</summary>
internal sealed class PlainTalk(DatagramClient client, Encoding encoding) : IChatTalk
{
    private readonly Lock _gate = new();
    private readonly LinkedList<long> _unanswered = []; // oldest first; under _gate
    private long _lastId;                               // under _gate

    public ChatClient? Native => null;

    public string? Room { get; set; }

    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            string? text = null;
            string? trouble = null;
            try
            {
                text = encoding.GetString((await client.ReceiveAsync(cancellationToken)).Span);
            }
            catch (TransportException e)
            {
                trouble = e.Message; // the network said so of a datagram; the next may arrive
            }

            if (text is null)
            {
                yield return new ChatNotice(trouble!);
                continue;
            }

            if (TakeOldest() is { } answered)
                yield return new ChatDelivery(answered, null, 1, 0, 1);
            yield return new ChatMessage { Id = 0, At = TimeProvider.System.GetUtcNow(), From = $"{client.RemoteEndPoint}", Text = text.TrimEnd('\r', '\n') };
        }
    }

    public async Task<ChatReceipt> SendAsync(string text, string? room, string? to)
    {
        if (to is not null || room is not null)
            return new ChatReceipt(0, ChatError.NoSuchName);
        byte[] payload = encoding.GetBytes(text);
        LinkedListNode<long> message;
        lock (_gate)
            message = _unanswered.AddLast(++_lastId);
        for (bool isAgain = false; ; isAgain = true)
        {
            try
            {
                await client.SendAsync(payload);
                return new ChatReceipt(message.Value, ChatError.None);
            }
            catch (TransportException e) when (isAgain || e.Reason == TransportError.MessageTooLarge)
            {
                lock (_gate)
                    _unanswered.Remove(message);
                return new ChatReceipt(0, e.Reason == TransportError.MessageTooLarge ? ChatError.TooLong : ChatError.Unreachable);
            }
            catch (TransportException)
            {
                // What the network says of an earlier datagram; this one has not left yet.
            }
        }
    }

    private long? TakeOldest()
    {
        lock (_gate)
        {
            if (_unanswered.First is not { } oldest)
                return null;
            _unanswered.Remove(oldest);
            return oldest.Value;
        }
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return default;
    }
}
