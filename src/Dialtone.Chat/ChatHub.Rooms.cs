namespace Dialtone.Chat;

public sealed partial class ChatHub
{
    /// <summary>Brings somebody into a room. Whoever asks with a wrong password is to be charged for it by the tongue.</summary>
    internal async ValueTask<ChatError> EnterAsync(ChatParticipant participant, string room, string? password, CancellationToken cancellationToken = default)
    {
        if (!TryPay(participant))
            return ChatError.TooFast;
        if (!_rooms.TryGetValue(room, out ChatRoom? where))
            return ChatError.NoSuchRoom;
        if (participant.IsIn(where))
            return ChatError.None;
        if (where.Password is { } verifier)
        {
            PasswordCheck check = password is null ? PasswordCheck.Wrong : await _hasher.VerifyAsync(verifier, password, cancellationToken).ConfigureAwait(false);
            if (check != PasswordCheck.Right)
            {
                ChatError error = check == PasswordCheck.Busy ? ChatError.Busy : ChatError.WrongPassword;
                _audit?.Refused(participant.Name, participant.Account, participant.Line, error, where.Name);
                return error;
            }
        }

        lock (_gate)
        {
            if (participant.IsRemoved || participant.Rooms.Length >= Options.Limits.MaxRooms)
                return ChatError.Full;
            if (participant.IsIn(where))
                return ChatError.None;
            participant.Rooms = participant.Rooms.Length == 0 ? where.Alone : [.. participant.Rooms, where];
            where.Add(participant);
        }

        _audit?.Entered(participant, where.Name);
        TellPresence(where, participant, participant.Name, isHere: true);
        return ChatError.None;
    }

    internal ChatError Leave(ChatParticipant participant, string room)
    {
        if (!TryPay(participant))
            return ChatError.TooFast;
        if (!_rooms.TryGetValue(room, out ChatRoom? where))
            return ChatError.NoSuchRoom;
        lock (_gate)
        {
            if (!participant.IsIn(where))
                return ChatError.NotInRoom;
            participant.Rooms = [.. participant.Rooms.Where(each => each != where)];
            if (participant.Rooms is [var only])
                participant.Rooms = only.Alone;
            where.Remove(participant);
        }

        _audit?.Exited(participant, where.Name);
        TellPresence(where, participant, participant.Name, isHere: false);
        return ChatError.None;
    }

    /// <summary>The names in a room the asker is in: at most <paramref name="limit"/> of the <paramref name="count"/> there are.</summary>
    internal ChatError Who(ChatParticipant participant, string room, int limit, out string[] names, out int count)
    {
        (names, count) = ([], 0);
        ChatError error = FindOwn(participant, room, out ChatRoom? where);
        if (error == ChatError.None)
            names = where!.Names(limit, out count);
        return error;
    }

    /// <summary>
    /// What was said in a room the asker is in, oldest first: at most <paramref name="limit"/> messages before the one numbered <paramref name="before"/>, or the
    /// newest; and whether there are <paramref name="more"/> before them.
    /// </summary>
    internal ChatError History(ChatParticipant participant, string room, long? before, int limit, out ChatOutgoing[] messages, out bool more)
    {
        (messages, more) = ([], false);
        ChatError error = FindOwn(participant, room, out ChatRoom? where);
        if (error == ChatError.None)
            messages = [.. where!.History(before, limit, out more).Select(static message => new ChatOutgoing(message))];
        return error;
    }

    /// <summary>A room the asker is in, for a question that costs a token.</summary>
    private ChatError FindOwn(ChatParticipant participant, string room, out ChatRoom? where)
    {
        where = null;
        if (!TryPay(participant))
            return ChatError.TooFast;
        if (!_rooms.TryGetValue(room, out where))
            return ChatError.NoSuchRoom;
        return participant.IsIn(where) ? ChatError.None : ChatError.NotInRoom;
    }

    private void TellPresence(ChatRoom room, ChatParticipant about, string name, bool isHere)
    {
        var presence = new ChatPresence(room.Name, name, isHere, UtcNow);
        room.Tell(presence, about);
        Desk.Hear(presence);
    }
}
