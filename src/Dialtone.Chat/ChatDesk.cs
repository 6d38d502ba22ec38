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
    private readonly ChatLimits _limits;
    private readonly QuestionQueue _questions;
    private readonly Lock _gate = new();
    private readonly HistoryRing _history; // under _gate
    private readonly Channel<ChatEvent> _events;
    private long _leftOut;

    internal ChatDesk(ChatHub hub)
    {
        (_hub, _limits) = (hub, hub.Options.Limits);
        _questions = new QuestionQueue(_limits);
        _history = new HistoryRing(_limits.HistoryMessages);
        _events = Channel.CreateBounded<ChatEvent>(
            new BoundedChannelOptions(_limits.MaxWaitingEvents) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Interlocked.Increment(ref _leftOut));
    }

    /// <summary>Messages that wait for an answer, oldest first.</summary>
    public IReadOnlyList<ChatMessage> Unanswered => _questions.All();

    /// <summary>Everybody with a name, and every plain sender who is remembered.</summary>
    public IReadOnlyList<ChatParticipantInfo> Here => [.. _hub.Everybody().Concat(_hub.Senders.Everybody()).Select(Describe)];

    /// <summary>The rooms.</summary>
    public IReadOnlyList<ChatRoomInfo> Rooms => [.. _hub.Rooms.Select(static room => new ChatRoomInfo(room.Name, room.Password is not null, room.Count))];

    /// <summary>What was said to and by the operator, oldest first, also before a restart where there is a history file.</summary>
    public IReadOnlyList<ChatMessage> History
    {
        get
        {
            lock (_gate)
                return _history.Page(null, int.MaxValue, out _);
        }
    }

    /// <summary>
    /// What happens, as it happens: messages in rooms and to the operator, comings and goings, and what became of the operator's own messages. For one reader.
    /// Who reads too slowly misses the oldest events beyond <see cref="ChatLimits.MaxWaitingEvents"/>, and a <see cref="ChatNotice"/> says how many.
    /// It ends with the hub.
    /// </summary>
    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await _events.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_events.Reader.TryRead(out ChatEvent? chatEvent))
            {
                if (Volatile.Read(ref _leftOut) > 0)
                    yield return new ChatNotice($"{Interlocked.Exchange(ref _leftOut, 0)} events were left out: they came faster than they were read.");
                yield return chatEvent;
            }
        }
    }

    /// <summary>Answers a message that waits, at its sender's address. A plain sender gets one datagram.</summary>
    /// <param name="messageId">Its <see cref="ChatMessage.Id"/>.</param>
    /// <param name="text">The answer.</param>
    /// <returns>After <see cref="ChatError.TooLong"/> and <see cref="ChatError.TooFast"/> the message still waits.</returns>
    public ChatError Answer(long messageId, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _questions.Find(messageId) is { } question ? Answer(question, text) : ChatError.NothingToAnswer;
    }

    /// <summary>Says something to somebody: answers the oldest message of theirs that waits. Without one, a plain sender gets nothing.</summary>
    /// <param name="nameOrAddress">A name, or a plain sender's address.</param>
    /// <param name="text">What to say.</param>
    /// <returns>As <see cref="Answer(long, string)"/>; <see cref="ChatError.NothingToAnswer"/> for a plain sender none of whose messages waits.</returns>
    public ChatError Say(string nameOrAddress, string text)
    {
        ArgumentNullException.ThrowIfNull(nameOrAddress);
        ArgumentNullException.ThrowIfNull(text);
        if (_questions.FindFrom(nameOrAddress) is { } question)
            return Answer(question, text);
        if (_hub.TryFind(nameOrAddress, out ChatParticipant? participant))
            return CheckAnswer(participant, text) is not ChatError.None and var error ? error : Send(participant, text);
        return _hub.Senders.Knows(nameOrAddress) ? ChatError.NothingToAnswer : ChatError.NoSuchName;
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
        where.Say(null, id => Message(id, text, room: where.Name), taken: null, isWatched: true);
        return ChatError.None;
    }

    /// <summary>Takes a message from the queue without an answer.</summary>
    public ChatError Dismiss(long messageId) =>
        _questions.Find(messageId) is { } question && _questions.TryTake(question) ? ChatError.None : ChatError.NothingToAnswer;

    /// <summary>Lets nobody hear somebody any more.</summary>
    /// <param name="nameOrAddress">A name, a plain sender's address, or an IP address for all its ports.</param>
    public void Mute(string nameOrAddress) => Rule("mute", nameOrAddress, _hub.Bans.Mute);

    /// <summary>Takes a mute back.</summary>
    /// <param name="nameOrAddress">As it was muted.</param>
    public void Unmute(string nameOrAddress) => Rule("unmute", nameOrAddress, _hub.Bans.Unmute);

    /// <summary>Sends somebody away and lets them in no more; plain datagrams of theirs are dropped in silence, and what waits of them is dismissed.</summary>
    /// <param name="nameOrAddress">As for <see cref="Mute"/>.</param>
    public void Block(string nameOrAddress) => Rule("block", nameOrAddress, _hub.Bans.Block);

    /// <summary>Takes a block back.</summary>
    /// <param name="nameOrAddress">As it was blocked.</param>
    public void Unblock(string nameOrAddress) => Rule("unblock", nameOrAddress, _hub.Bans.Unblock);

    internal void Hear(ChatMessage message, ChatParticipant from) => Hear(message with { Address = from.Line.Address });

    internal void Hear(ChatEvent chatEvent) => _events.Writer.TryWrite(chatEvent);

    internal void Restore(ChatMessage message)
    {
        lock (_gate)
            _history.Add(message);
    }

    internal void Close() => _events.Writer.TryComplete();

    /// <summary>Takes a message to the operator.</summary>
    /// <remarks><paramref name="taken"/> is told the number before anything is answered.</remarks>
    internal ChatError Ask(ChatParticipant from, string text, bool isCut, Action<long>? taken, out long id)
    {
        var message = new ChatMessage
        {
            Id = _hub.NextId(),
            At = _hub.UtcNow,
            From = from.Name,
            To = ChatHub.Operator,
            Text = text,
            Address = from.Line.Address,
            IsVerified = from.Line.IsVerified,
            IsCut = isCut,
        };
        id = message.Id;
        if (_hub.Options.AnswerAtOnce is { } answer && AnswerNow(answer, message) is { } reply && CheckAnswer(from, reply) == ChatError.None)
        {
            taken?.Invoke(id);
            Keep(message);
            Hear(message);
            Send(from, reply);
            return ChatError.None;
        }

        if (!_questions.TryAdd(message, from))
            return ChatError.TooManyUnanswered;
        taken?.Invoke(id);
        Keep(message);
        Hear(message);
        return ChatError.None;
    }

    private ChatError Answer(Question question, string text)
    {
        if (CheckAnswer(question.From, text) is not ChatError.None and var error)
            return error;
        if (!_questions.TryTake(question))
            return ChatError.NothingToAnswer;
        _hub.Senders.Answered(question.From);
        _hub.Audit?.Answered(question.From, question.Message.Id);
        return Send(question.From, text);
    }

    private ChatError CheckAnswer(ChatParticipant to, string text)
    {
        if (to.Line is PlainLine plain)
            return plain.CountBytes(text) > _limits.MaxAnswerBytes ? ChatError.TooLong : _hub.Senders.TryPayAnswer(plain) ? ChatError.None : ChatError.TooFast;
        return _hub.IsTooLong(text) ? ChatError.TooLong : ChatError.None;
    }

    private ChatError Send(ChatParticipant to, string text)
    {
        bool isWatched = to.Line.Tongue == ChatTongue.Native;
        ChatMessage message = Message(_hub.NextId(), text, to: to.Name);
        Keep(message);
        return ChatHub.SendTo(to, message, isWatched ? new DeliveryMarks(_hub, null, message.Id, null, 1) : null) ? ChatError.None : ChatError.Unreachable;
    }

    private string? AnswerNow(Func<ChatMessage, string?> answer, ChatMessage message)
    {
        try
        {
            return answer(message);
        }
        catch (Exception e)
        {
            _hub.Logger.AnswerFailed(e);
            return null;
        }
    }

    private void Keep(ChatMessage message)
    {
        lock (_gate)
        {
            _history.Add(message);
            _hub.Record(message);
        }
    }

    private void Rule(string what, string nameOrAddress, Action<string> change)
    {
        ArgumentNullException.ThrowIfNull(nameOrAddress);
        change(nameOrAddress);
        _hub.Audit?.Ruled(what, nameOrAddress);
        _hub.ApplyBans();
        if (what == "block")
            _questions.DropFrom(who => _hub.Bans.IsBlocked(who.Name, who.Line.Address));
    }

    private ChatMessage Message(long id, string text, string? room = null, string? to = null) =>
        new() { Id = id, At = _hub.UtcNow, From = ChatHub.Operator, Text = text, Room = room, To = to, IsVerified = true };

    private static ChatParticipantInfo Describe(ChatParticipant who) => new(
        who.Name, who.Line.Tongue, who.Line.Address, who.Line.IsVerified, who.Account, DateTimeOffset.FromUnixTimeMilliseconds(who.Since),
        DateTimeOffset.FromUnixTimeMilliseconds(who.Seen), [.. who.Rooms.Select(static room => room.Name)], who.Unanswered, who.IsMuted);
}
