using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Dialtone.Chat;

/// <summary>
/// The operator's desk: everything said in rooms and to the operator, the queue of what waits for an answer, and the answers. The direct messages of two
/// others do not come here. Safe for many threads.
/// </summary>
public sealed class ChatDesk
{
    private readonly ChatHub _hub;
    private readonly Lock _gate = new();
    private readonly LinkedList<Question> _waiting = []; // oldest first; under _gate
    private readonly Dictionary<long, LinkedListNode<Question>> _byId = []; // under _gate
    private readonly HistoryRing _history;               // under _gate
    private readonly Channel<ChatEvent> _events;

    internal ChatDesk(ChatHub hub)
    {
        _hub = hub;
        _history = new HistoryRing(hub.Options.Limits.HistoryMessages);
        _events = Channel.CreateBounded<ChatEvent>(new BoundedChannelOptions(hub.Options.Limits.MaxWaitingEvents) { FullMode = BoundedChannelFullMode.DropOldest });
    }

    /// <summary>Messages that wait for an answer, oldest first.</summary>
    public IReadOnlyList<ChatMessage> Unanswered
    {
        get
        {
            lock (_gate)
                return [.. _waiting.Select(static question => question.Message)];
        }
    }

    /// <summary>Everybody with a name, and every plain sender who is remembered.</summary>
    public IReadOnlyList<ChatParticipantInfo> Here => [.. _hub.Everybody().Select(Describe)];

    /// <summary>The rooms.</summary>
    public IReadOnlyList<ChatRoomInfo> Rooms => [.. _hub.Rooms.Select(static room => new ChatRoomInfo(room.Name, room.Password is not null, room.Count))];

    /// <summary>What was said to and by the operator, oldest first, also before a restart where there is a history file.</summary>
    public IReadOnlyList<ChatMessage> History
    {
        get
        {
            lock (_gate)
                return [.. _history.Page(null, int.MaxValue, out _).Select(static each => (ChatMessage)each.Event)];
        }
    }

    /// <summary>
    /// What happens, as it happens: messages in rooms and to the operator, comings and goings, and what became of the operator's own messages. For one reader.
    /// Who reads too slowly misses the oldest events beyond <see cref="ChatLimits.MaxWaitingEvents"/>, and a <see cref="ChatNotice"/> says how many.
    /// </summary>
    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatEvent chatEvent in _events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return chatEvent;
    }

    /// <summary>Answers a message that waits, at its sender's address. A plain sender gets one datagram.</summary>
    public ChatError Answer(long messageId, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Question? question;
        lock (_gate)
        {
            if (!_byId.Remove(messageId, out LinkedListNode<Question>? node))
                return ChatError.NothingToAnswer;
            question = node.Value;
            _waiting.Remove(node);
            question.From.Unanswered--;
        }

        question.From.WasAnswered = true;
        return Send(question.From, text);
    }

    /// <summary>Says something to somebody: answers the oldest message of theirs that waits. Without one, a plain sender gets nothing.</summary>
    /// <param name="nameOrAddress">A name, or a plain sender's address.</param>
    /// <param name="text">What to say.</param>
    public ChatError Say(string nameOrAddress, string text)
    {
        ArgumentNullException.ThrowIfNull(nameOrAddress);
        ArgumentNullException.ThrowIfNull(text);
        Question? question;
        lock (_gate)
            question = _waiting.FirstOrDefault(each => ChatNames.Comparer.Equals(each.From.Name, nameOrAddress));
        if (question is not null)
            return Answer(question.Message.Id, text);
        return _hub.TryFind(nameOrAddress, out ChatParticipant? participant) ? Send(participant, text) : ChatError.NoSuchName;
    }

    /// <summary>Says something in a room.</summary>
    public ChatError SayIn(string room, string text)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(text);
        if (_hub.IsTooLong(text))
            return ChatError.TooLong;
        if (!_hub.TryFindRoom(room, out ChatRoom? where))
            return ChatError.NoSuchRoom;
        where.Say(null, id => Message(id, text) with { Room = where.Name }, taken: null, isWatched: true);
        return ChatError.None;
    }

    /// <summary>Takes a message from the queue without an answer.</summary>
    public ChatError Dismiss(long messageId)
    {
        lock (_gate)
        {
            if (!_byId.Remove(messageId, out LinkedListNode<Question>? node))
                return ChatError.NothingToAnswer;
            _waiting.Remove(node);
            node.Value.From.Unanswered--;
            return ChatError.None;
        }
    }

    /// <summary>Lets nobody hear somebody any more.</summary>
    /// <param name="nameOrAddress">A name, a plain sender's address, or an IP address for all its ports.</param>
    public void Mute(string nameOrAddress) => _hub.Bans.Mute(nameOrAddress);

    /// <summary>Takes a mute back.</summary>
    public void Unmute(string nameOrAddress) => _hub.Bans.Unmute(nameOrAddress);

    /// <summary>Sends somebody away and lets them in no more; plain datagrams of theirs are dropped in silence.</summary>
    /// <param name="nameOrAddress">As <see cref="Mute"/>.</param>
    public void Block(string nameOrAddress) => _hub.Bans.Block(nameOrAddress);

    /// <summary>Takes a block back.</summary>
    public void Unblock(string nameOrAddress) => _hub.Bans.Unblock(nameOrAddress);

    internal void Hear(ChatMessage message, ChatParticipant from) => _events.Writer.TryWrite(message with { Address = from.Line.Address });

    internal void Hear(ChatEvent chatEvent) => _events.Writer.TryWrite(chatEvent);

    internal void Restore(ChatMessage message)
    {
        lock (_gate)
            _history.Add(new ChatOutgoing(message));
    }

    internal void Close() => _events.Writer.TryComplete();

    /// <summary>Takes a message to the operator.</summary>
    internal ChatError Ask(ChatParticipant from, string text, bool isCut, Action<long>? taken, out long id)
    {
        ChatMessage message = _hub.Message(_hub.NextId(), from, text) with { To = ChatHub.Operator, Address = from.Line.Address, IsCut = isCut };
        id = message.Id;
        lock (_gate)
        {
            if (from.Unanswered >= _hub.Options.Limits.MaxUnanswered || _waiting.Count >= _hub.Options.Limits.MaxUnansweredInAll)
                return ChatError.TooManyUnanswered;
            from.Unanswered++;
            _byId.Add(id, _waiting.AddLast(new Question(message, from)));
        }

        taken?.Invoke(id);
        Hear(message);
        return ChatError.None;
    }

    private ChatError Send(ChatParticipant to, string text)
    {
        if (_hub.IsTooLong(text))
            return ChatError.TooLong;
        bool isWatched = to.Line.Tongue == ChatTongue.Native;
        ChatMessage message = Message(_hub.NextId(), text) with { To = to.Name };
        return ChatHub.SendTo(to, message, isWatched ? new DeliveryMarks(_hub, null, message.Id, null, 1) : null) ? ChatError.None : ChatError.Unreachable;
    }

    private ChatMessage Message(long id, string text) => new() { Id = id, At = _hub.UtcNow, From = ChatHub.Operator, Text = text, IsVerified = true };

    private static ChatParticipantInfo Describe(ChatParticipant who) => new(
        who.Name, who.Line.Tongue, who.Line.Address, who.Line.IsVerified, who.Account, DateTimeOffset.FromUnixTimeMilliseconds(who.Since),
        DateTimeOffset.FromUnixTimeMilliseconds(who.Seen), [.. who.Rooms.Select(static room => room.Name)], who.Unanswered, who.IsMuted);

    private sealed record Question(ChatMessage Message, ChatParticipant From);
}
