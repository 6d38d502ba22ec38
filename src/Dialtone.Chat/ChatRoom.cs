using System.Buffers;

namespace Dialtone.Chat;

/// <summary>A room: who is in it, and what was said last.</summary>
internal sealed class ChatRoom
{
    private readonly ChatHub _hub;
    private readonly Lock _gate = new();
    private readonly List<ChatParticipant> _members = []; // and below: under _gate
    private readonly HistoryRing _history;

    public ChatRoom(ChatHub hub, string name, ScramVerifier? password)
    {
        (_hub, Name, Password, Alone) = (hub, name, password, [this]);
        _history = new HistoryRing(hub.Options.Limits.HistoryMessages);
    }

    public string Name { get; }

    public ScramVerifier? Password { get; }

    /// <summary>The rooms of whoever is in this one only; shared by them all.</summary>
    public ChatRoom[] Alone { get; }

    public int Count
    {
        get
        {
            lock (_gate)
                return _members.Count;
        }
    }

    public void Add(ChatParticipant participant)
    {
        lock (_gate)
            _members.Add(participant);
    }

    public void Remove(ChatParticipant participant)
    {
        lock (_gate)
            _members.Remove(participant);
    }

    public void Restore(ChatMessage message)
    {
        lock (_gate)
            _history.Add(message);
    }

    public string[] Names(int limit, out int count)
    {
        lock (_gate)
        {
            count = _members.Count;
            return [.. _members.Take(limit).Select(static member => member.Name)];
        }
    }

    public ChatMessage[] History(long? before, int limit, out bool more)
    {
        lock (_gate)
            return _history.Page(before, limit, out more);
    }

    /// <summary>Gives a message its number and sends it to everybody but its sender. Nothing is locked while it is sent.</summary>
    /// <remarks>
    /// <paramref name="from"/> is null for the operator; <paramref name="make"/> makes the message from its number, which <paramref name="taken"/> is told before
    /// anything is sent; <paramref name="isWatched"/> where the sender wants to know what becomes of it.
    /// </remarks>
    public ChatMessage Say(ChatParticipant? from, Func<long, ChatMessage> make, Action<long>? taken, bool isWatched)
    {
        ChatParticipant[] recipients;
        int count;
        ChatMessage message;
        ChatOutgoing outgoing;
        DeliveryMarks? marks;
        lock (_gate)
        {
            message = make(_hub.NextId());
            recipients = Snapshot(from, out count);
            marks = isWatched ? new DeliveryMarks(_hub, from, message.Id, Name, count) : null;
            outgoing = new ChatOutgoing(message, marks);
            _history.Add(message);
            _hub.Record(outgoing);
        }

        taken?.Invoke(message.Id);
        Send(outgoing, recipients, count);
        if (marks is not null)
            _hub.Watch(marks, count);
        return message;
    }

    /// <summary>Tells the members who has come or gone.</summary>
    public void Tell(ChatPresence presence, ChatParticipant about)
    {
        ChatParticipant[] recipients;
        int count;
        lock (_gate)
        {
            if (_members.Count > _hub.Options.Limits.MaxPresenceMembers)
                return;
            recipients = Snapshot(about, out count);
        }

        Send(new ChatOutgoing(presence), recipients, count);
    }

    private static void Send(ChatOutgoing outgoing, ChatParticipant[] recipients, int count)
    {
        foreach (ChatParticipant recipient in recipients.AsSpan(0, count))
        {
            if (!recipient.Line.TrySend(outgoing))
                outgoing.Tell(isDelivered: false);
        }

        ArrayPool<ChatParticipant>.Shared.Return(recipients, clearArray: true);
    }

    private ChatParticipant[] Snapshot(ChatParticipant? without, out int count)
    {
        ChatParticipant[] members = ArrayPool<ChatParticipant>.Shared.Rent(_members.Count);
        _members.CopyTo(members);
        count = _members.Count;
        int at = without is null ? -1 : Array.IndexOf(members, without, 0, count);
        if (at < 0)
            return members;
        members[at] = members[--count];
        return members;
    }
}
