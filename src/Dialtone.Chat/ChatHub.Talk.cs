using System.Text;

namespace Dialtone.Chat;

public sealed partial class ChatHub
{
    /// <summary>
    /// Takes a message to a room, to somebody, or (both null) to the operator, and sends it on, on this thread. Calls for one participant must not overlap.
    /// </summary>
    /// <remarks><paramref name="taken"/> is told the number before anything is sent, so that an answer to the sender comes before what others cause.</remarks>
    internal ChatError Say(ChatParticipant from, string? room, string? to, string text, Action<long>? taken, out long id)
    {
        id = 0;
        if (!TryPay(from))
            return ChatError.TooFast;
        if (IsTooLong(text))
            return ChatError.TooLong;
        if (from.IsMuted)
            return ChatError.Muted;
        bool isWatched = from.Line.Tongue == ChatTongue.Native;
        if (room is not null)
        {
            if (!_rooms.TryGetValue(room, out ChatRoom? where))
                return ChatError.NoSuchRoom;
            if (!from.IsIn(where))
                return ChatError.NotInRoom;
            ChatMessage said = where.Say(from, number => Message(number, from, text, room: where.Name), taken, isWatched);
            id = said.Id;
            Desk.Hear(said, from);
            return ChatError.None;
        }

        if (to is null || ChatNames.Comparer.Equals(to, Operator))
            return Desk.Ask(from, text, isCut: false, taken, out id);
        if (!TryFind(to, out ChatParticipant? recipient))
            return ChatError.NoSuchName;
        ChatMessage direct = Message(NextId(), from, text, to: recipient.Name);
        id = direct.Id;
        taken?.Invoke(id);
        return SendTo(recipient, direct, isWatched ? new DeliveryMarks(this, from, id, null, 1) : null) || isWatched ? ChatError.None : ChatError.Unreachable;
    }

    /// <summary>Takes one of a sender's tokens.</summary>
    internal bool TryPay(ChatParticipant participant)
    {
        participant.Seen = UtcNow.ToUnixTimeMilliseconds();
        return participant.TryPay(Now, _tokenEvery, Options.Limits.Burst);
    }

    internal bool IsTooLong(string text) =>
        text.Length > Options.Limits.MaxTextBytes || Encoding.UTF8.GetByteCount(text) > Options.Limits.MaxTextBytes;

    /// <summary>A message of somebody's.</summary>
    internal ChatMessage Message(long id, ChatParticipant from, string text, string? room = null, string? to = null) =>
        new() { Id = id, At = UtcNow, From = from.Name, Text = text, Room = room, To = to, IsVerified = from.Line.IsVerified };

    internal static bool SendTo(ChatParticipant recipient, ChatMessage message, DeliveryMarks? marks)
    {
        if (recipient.Line.TrySend(new ChatOutgoing(message, marks)))
            return true;
        marks?.Tell(isDelivered: false);
        return false;
    }

    /// <summary>Keeps a message in the history file.</summary>
    internal void Record(ChatOutgoing message) => _file?.Append(message.Json.Span);

    /// <summary>Keeps a message that is not sent to others in the history file.</summary>
    internal void Record(ChatMessage message) => _file?.Append(ChatJson.Encode(message));

    /// <summary>Waits until the history file has what was said so far.</summary>
    internal Task HistoryWrittenAsync() => _file?.WrittenAsync() ?? Task.CompletedTask;

    /// <summary>Tells a message's sender now and then how far it is, until all outcomes are known.</summary>
    internal void Watch(DeliveryMarks marks, int count)
    {
        if (count == 0)
            marks.Report();
        if (marks.IsWhole)
            return;
        lock (_marksGate)
        {
            _marks.Add(marks);
            if (_marks.Count == 1)
                _marksTimer.Change(MarksEvery, Timeout.InfiniteTimeSpan);
        }
    }

    internal void TellMarks(ChatParticipant? sender, ChatDelivery delivery)
    {
        if (sender is null)
            Desk.Hear(delivery);
        else
            sender.Line.TrySend(new ChatOutgoing(delivery));
    }

    private void ReportMarks()
    {
        DeliveryMarks[] open;
        lock (_marksGate)
        {
            _marks.RemoveAll(static marks => marks.IsWhole);
            open = [.. _marks];
            if (open.Length > 0)
                _marksTimer.Change(MarksEvery, Timeout.InfiniteTimeSpan);
        }

        foreach (DeliveryMarks marks in open)
            marks.Report();
    }
}
