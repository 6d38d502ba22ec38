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
    private readonly PasswordHasher _hasher;
    private readonly Lock _marksGate = new();
    private readonly List<DeliveryMarks> _marks = []; // not whole yet; under _marksGate
    private readonly ITimer _marksTimer;
    private readonly HistoryFile? _file;
    private readonly ChatAudit? _audit;
    private readonly long _began;
    private readonly long _tokenEvery;
    private long _lastId;
    private bool _isClosed; // under _gate

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
        Senders = new PlainSenders(this);
        _marksTimer = Options.Time.CreateTimer(static hub => ((ChatHub)hub!).ReportMarks(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        foreach (ChatRoomOptions room in Options.Rooms)
        {
            string name = ChatNames.Normalize(room.Name) ?? throw new ChatException(ChatError.BadName, $"'{Printable.Of(room.Name)}' is not a name for a room.");
            if (!_rooms.TryAdd(name, new ChatRoom(this, name, room.Password)))
                throw new ChatException(ChatError.NameTaken, $"There are two rooms named '{name}'.");
        }

        if (Options.AuditFile is { } audit)
            _audit = new ChatAudit(audit, Options.Time, Logger);
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

    internal ChatBans Bans { get; } = new();

    internal ChatAudit? Audit => _audit;

    /// <summary>The plain senders.</summary>
    internal PlainSenders Senders { get; }

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
            _isClosed = true;
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
        _audit?.Dispose();
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
        if (error == ChatError.None && account is not null && TryFind(normal!, out ChatParticipant? earlier) && ChatNames.Comparer.Equals(earlier.Account, account))
            Replace(earlier);
        if (error == ChatError.None)
            error = Add(new ChatParticipant(normal, account, line, UtcNow.ToUnixTimeMilliseconds()), out participant);
        if (participant is not null)
            _audit?.Came(participant);
        else
            _audit?.Refused(name, account, line, error);
        return error;
    }

    /// <summary>Gives somebody another name.</summary>
    internal ChatError Rename(ChatParticipant participant, string name)
    {
        if (!TryPay(participant))
            return ChatError.TooFast;
        ChatError error = CheckName(name, participant.Account, out string? normal);
        if (error != ChatError.None)
            return error;
        string old = participant.Name;
        lock (_gate)
        {
            if (participant.IsRemoved)
                return ChatError.NoSuchName;
            if (_names.TryGetValue(normal!, out ChatParticipant? holder) && holder != participant)
                return ChatError.NameTaken;
            if (Bans.IsBlocked(normal!, participant.Line.Address))
                return ChatError.Blocked;
            _names.Remove(old);
            _names.Add(normal!, participant);
            participant.Rename(normal!);
            if (participant.IsMuted)
                Bans.Mute(normal!); // it goes with them
            participant.IsMuted = Bans.IsMuted(normal!, participant.Line.Address);
        }

        _audit?.Renamed(participant, old);

        foreach (ChatRoom room in participant.Rooms)
        {
            TellPresence(room, participant, old, isHere: false);
            TellPresence(room, participant, normal!, isHere: true);
        }

        return ChatError.None;
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

        _audit?.Left(participant);
        foreach (ChatRoom room in rooms)
            TellPresence(room, participant, participant.Name, isHere: false);
    }

    /// <summary>Has a new mute or block, or its end, hold for who is here.</summary>
    internal void ApplyBans()
    {
        foreach (ChatParticipant each in Everybody().Concat(Senders.Everybody()))
        {
            each.IsMuted = Bans.IsMuted(each.Name, each.Line.Address);
            if (!Bans.IsBlocked(each.Name, each.Line.Address))
                continue;
            if (each.Line.Tongue == ChatTongue.Plain)
                Senders.Forget(each);
            else
                Remove(each);
            each.Line.Close(ChatError.Blocked);
        }
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

    /// <summary>Has something disposed with the hub.</summary>
    internal void Own(IAsyncDisposable owned)
    {
        lock (_gate)
            _owned.Add(owned);
    }

    /// <summary>Whoever proves the same account again takes the name over: a client that crashed need not wait for its old session to end.</summary>
    private void Replace(ChatParticipant earlier)
    {
        Remove(earlier);
        earlier.Line.Close(ChatError.NameTaken);
    }

    private ChatError Add(ChatParticipant newcomer, out ChatParticipant? participant)
    {
        participant = null;
        lock (_gate)
        {
            if (_isClosed)
                return ChatError.Stopping;
            if (Bans.IsBlocked(newcomer.Name, newcomer.Line.Address))
                return ChatError.Blocked;
            if (_names.ContainsKey(newcomer.Name))
                return ChatError.NameTaken;
            if (_names.Count >= Options.Limits.MaxParticipants)
                return ChatError.Full;
            newcomer.IsMuted = Bans.IsMuted(newcomer.Name, newcomer.Line.Address);
            _names.Add(newcomer.Name, participant = newcomer);
            return ChatError.None;
        }
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
    }}
