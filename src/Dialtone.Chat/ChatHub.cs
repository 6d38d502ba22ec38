using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Chat;

/// <summary>
/// Holds a chat: who is here, the rooms, direct messages, the operator's desk, what was said. Tongues bring people to it; <see cref="ChatServer.HandleChat"/>
/// puts it behind a server. Safe for many threads.
/// </summary>
public sealed partial class ChatHub : IAsyncDisposable
{
    /// <summary>The name messages to and from the operator carry; nobody else can have it.</summary>
    public const string Operator = "operator";

    private static readonly TimeSpan MarksEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChatParticipant> _names = new(ChatNames.Comparer); // under _gate
    private readonly Dictionary<string, ChatRoom> _rooms = new(ChatNames.Comparer);        // fixed once made
    private readonly List<IAsyncDisposable> _owned = [];                                    // under _gate
    private readonly ChatBans _bans = new();
    private readonly PasswordHasher _hasher;
    private readonly Lock _marksGate = new();
    private readonly List<DeliveryMarks> _marks = []; // not whole yet; under _marksGate
    private readonly ITimer _marksTimer;
    private readonly HistoryFile? _file;
    private readonly long _began;
    private readonly long _tokenEvery;
    private long _lastId;

    /// <summary>Opens a chat with nobody in it; reads what its history file remembers.</summary>
    /// <exception cref="ChatException">The history or the audit file cannot be opened, or a room has no proper name.</exception>
    public ChatHub(ChatHubOptions? options = null)
    {
        Options = options ?? new ChatHubOptions();
        Logger = Options.LoggerFactory?.CreateLogger("Dialtone.Chat") ?? NullLogger.Instance;
        _hasher = new PasswordHasher(time: Options.Time);
        _began = Options.Time.GetTimestamp();
        _tokenEvery = 1_000_000 / Options.Limits.MessagesPerSecond;
        Desk = new ChatDesk(this);
        _marksTimer = Options.Time.CreateTimer(static hub => ((ChatHub)hub!).ReportMarks(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        foreach (ChatRoomOptions room in Options.Rooms)
        {
            string name = ChatNames.Normalize(room.Name) ?? throw new ChatException(ChatError.BadName, $"'{Printable.Of(room.Name)}' is not a name for a room.");
            if (!_rooms.TryAdd(name, new ChatRoom(this, name, room.Password)))
                throw new ChatException(ChatError.NameTaken, $"There are two rooms named '{name}'.");
        }

        if (Options.HistoryFile is { } file)
            _file = HistoryFile.Open(file, Options.MaxHistoryFileBytes, Logger, Restore);
    }

    /// <summary>The operator's desk.</summary>
    public ChatDesk Desk { get; }

    /// <summary>How it is held.</summary>
    public ChatHubOptions Options { get; }

    /// <summary>Participants with a name now; plain senders are not counted.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _names.Count;
        }
    }

    internal ILogger Logger { get; }

    internal ChatBans Bans => _bans;

    /// <summary>Microseconds that only go forward.</summary>
    internal long Now => (long)Options.Time.GetElapsedTime(_began).TotalMicroseconds;

    internal DateTimeOffset UtcNow => Options.Time.GetUtcNow();

    internal IReadOnlyCollection<ChatRoom> Rooms => _rooms.Values;

    /// <summary>Ends it: everybody is sent away, files are written to the end. Stop the server first.</summary>
    public async ValueTask DisposeAsync()
    {
        ChatParticipant[] everybody;
        IAsyncDisposable[] owned;
        lock (_gate)
        {
            everybody = [.. _names.Values];
            owned = [.. _owned];
            _owned.Clear();
        }

        foreach (ChatParticipant each in everybody)
        {
            Remove(each);
            each.Line.Close(ChatError.Stopping);
        }

        foreach (IAsyncDisposable each in owned)
            await each.DisposeAsync().ConfigureAwait(false);
        Desk.Close();
        await _marksTimer.DisposeAsync().ConfigureAwait(false);
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
        _hasher.Dispose();
    }

    /// <summary>Lets somebody in, who is in no room yet.</summary>
    /// <param name="name">The name asked for.</param>
    /// <param name="account">The account they have proven to be; null without one.</param>
    /// <param name="line">Their way out.</param>
    /// <param name="participant">Whom to name from now on.</param>
    internal ChatError TryJoin(string name, string? account, IChatLine line, out ChatParticipant? participant)
    {
        participant = null;
        ChatError error = CheckName(name, account, out string? normal);
        if (error == ChatError.None && _bans.IsBlocked(normal!, line.Address))
            error = ChatError.Blocked;
        if (error != ChatError.None)
            return error;
        lock (_gate)
        {
            if (_names.Count >= Options.Limits.MaxParticipants)
                return ChatError.Full;
            var newcomer = new ChatParticipant(normal!, account, line, UtcNow.ToUnixTimeMilliseconds()) { IsMuted = _bans.IsMuted(normal!, line.Address) };
            if (!_names.TryAdd(normal!, newcomer))
                return ChatError.NameTaken;
            participant = newcomer;
        }

        return ChatError.None;
    }

    /// <summary>Brings somebody into a room.</summary>
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
                return check == PasswordCheck.Busy ? ChatError.Busy : ChatError.WrongPassword;
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

        TellPresence(where, participant, participant.Name, isHere: false);
        return ChatError.None;
    }

    /// <summary>Gives somebody another name.</summary>
    internal ChatError Rename(ChatParticipant participant, string name)
    {
        if (!TryPay(participant))
            return ChatError.TooFast;
        ChatError error = CheckName(name, participant.Account, out string? normal);
        if (error == ChatError.None && _bans.IsBlocked(normal!, participant.Line.Address))
            error = ChatError.Blocked;
        if (error != ChatError.None)
            return error;
        string old = participant.Name;
        lock (_gate)
        {
            if (participant.IsRemoved)
                return ChatError.NoSuchName;
            if (_names.TryGetValue(normal!, out ChatParticipant? holder) && holder != participant)
                return ChatError.NameTaken;
            _names.Remove(old);
            _names.Add(normal!, participant);
            participant.Rename(normal!);
            participant.IsMuted |= _bans.IsMuted(normal!, participant.Line.Address);
        }

        foreach (ChatRoom room in participant.Rooms)
        {
            TellPresence(room, participant, old, isHere: false);
            TellPresence(room, participant, normal!, isHere: true);
        }

        return ChatError.None;
    }

    /// <summary>The names in a room the asker is in: at most <paramref name="limit"/> of the <paramref name="count"/> there are.</summary>
    internal ChatError Who(ChatParticipant participant, string room, int limit, out string[] names, out int count)
    {
        (names, count) = ([], 0);
        if (!TryPay(participant))
            return ChatError.TooFast;
        if (!_rooms.TryGetValue(room, out ChatRoom? where))
            return ChatError.NoSuchRoom;
        if (!participant.IsIn(where))
            return ChatError.NotInRoom;
        names = where.Names(limit, out count);
        return ChatError.None;
    }

    /// <summary>
    /// What was said in a room the asker is in, oldest first: at most <paramref name="limit"/> messages before the one numbered <paramref name="before"/>, or the
    /// newest; and whether there are <paramref name="more"/> before them.
    /// </summary>
    internal ChatError History(ChatParticipant participant, string room, long? before, int limit, out ChatOutgoing[] messages, out bool more)
    {
        (messages, more) = ([], false);
        if (!TryPay(participant))
            return ChatError.TooFast;
        if (!_rooms.TryGetValue(room, out ChatRoom? where))
            return ChatError.NoSuchRoom;
        if (!participant.IsIn(where))
            return ChatError.NotInRoom;
        messages = where.History(before, limit, out more);
        return ChatError.None;
    }

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
            ChatMessage said = where.Say(from, number => Message(number, from, text) with { Room = where.Name }, taken, isWatched);
            id = said.Id;
            Desk.Hear(said, from);
            return ChatError.None;
        }

        if (to is null || ChatNames.Comparer.Equals(to, Operator))
            return Desk.Ask(from, text, isCut: false, taken, out id);
        if (!TryFind(to, out ChatParticipant? recipient))
            return ChatError.NoSuchName;
        ChatMessage direct = Message(NextId(), from, text) with { To = recipient.Name };
        id = direct.Id;
        taken?.Invoke(id);
        return SendTo(recipient, direct, isWatched ? new DeliveryMarks(this, from, id, null, 1) : null) || isWatched ? ChatError.None : ChatError.Unreachable;
    }

    /// <summary>Takes somebody out of every room and frees the name. Again, it does nothing.</summary>
    internal void Remove(ChatParticipant participant)
    {
        ChatRoom[] rooms;
        lock (_gate)
        {
            if (participant.IsRemoved)
                return;
            participant.IsRemoved = true;
            if (_names.TryGetValue(participant.Name, out ChatParticipant? holder) && holder == participant)
                _names.Remove(participant.Name);
            rooms = participant.Rooms;
            participant.Rooms = [];
            foreach (ChatRoom room in rooms)
                room.Remove(participant);
        }

        foreach (ChatRoom room in rooms)
            TellPresence(room, participant, participant.Name, isHere: false);
    }

    internal bool TryFind(string name, [NotNullWhen(true)] out ChatParticipant? participant)
    {
        lock (_gate)
            return _names.TryGetValue(name, out participant);
    }

    internal bool TryFindRoom(string name, [NotNullWhen(true)] out ChatRoom? room) => _rooms.TryGetValue(name, out room);

    internal ChatParticipant[] Everybody()
    {
        lock (_gate)
            return [.. _names.Values];
    }

    internal long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Takes one of a sender's tokens.</summary>
    internal bool TryPay(ChatParticipant participant)
    {
        participant.Seen = UtcNow.ToUnixTimeMilliseconds();
        return participant.TryPay(Now, _tokenEvery, Options.Limits.Burst);
    }

    internal bool IsTooLong(string text) =>
        text.Length > Options.Limits.MaxTextBytes || Encoding.UTF8.GetByteCount(text) > Options.Limits.MaxTextBytes;

    /// <summary>A message of somebody's.</summary>
    internal ChatMessage Message(long id, ChatParticipant from, string text) =>
        new() { Id = id, At = UtcNow, From = from.Name, Text = text, IsVerified = from.Line.IsVerified };

    internal static bool SendTo(ChatParticipant recipient, ChatMessage message, DeliveryMarks? marks)
    {
        if (recipient.Line.TrySend(new ChatOutgoing(message, marks)))
            return true;
        marks?.Tell(isDelivered: false);
        return false;
    }

    /// <summary>Keeps a message in the history file.</summary>
    internal void Record(ChatOutgoing message) => _file?.Append(message.Json.Span);

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

    /// <summary>Has something disposed with the hub.</summary>
    internal void Own(IAsyncDisposable owned)
    {
        lock (_gate)
            _owned.Add(owned);
    }

    private void Restore(ReadOnlySpan<byte> line)
    {
        if (ChatJson.ReadMessage(line) is not { } message)
            return;
        _lastId = Math.Max(_lastId, message.Id);
        if (message.Room is null)
            Desk.Restore(message);
        else if (_rooms.TryGetValue(message.Room, out ChatRoom? room))
            room.Restore(message);
    }

    private ChatError CheckName(string name, string? account, out string? normal)
    {
        normal = ChatNames.Normalize(name);
        if (normal is null)
            return ChatError.BadName;
        return Options.IsAccount is { } isAccount && !ChatNames.Comparer.Equals(normal, account) && isAccount(normal) ? ChatError.NameTaken : ChatError.None;
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

    private void TellPresence(ChatRoom room, ChatParticipant about, string name, bool isHere)
    {
        var presence = new ChatPresence(room.Name, name, isHere, UtcNow);
        room.Tell(presence, about);
        Desk.Hear(presence);
    }
}
