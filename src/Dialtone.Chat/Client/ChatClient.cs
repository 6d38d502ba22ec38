using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Dialtone.Chat;

/// <summary>
/// Somebody in a chat, over the native protocol: says things and learns what becomes of each, hears what others say in the order each of them said it,
/// and stays the same when its network changes. Safe for many threads; events are for one reader.
/// </summary>
/// <remarks>The events are to be read: once <see cref="ChatClientOptions.MaxWaitingEvents"/> of them wait, answers wait behind them.</remarks>
public sealed class ChatClient : IAsyncDisposable
{
    private readonly FlowClient _flow;
    private readonly ChatJoin.Joined _joined;
    private readonly Channel<ChatEvent> _events;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<ServerMessage?>> _asked = []; // under _gate
    private readonly Task _reading;
    private long _lastRef;   // under _gate
    private bool _hasEnded;  // under _gate
    private ChatError? _end; // under _gate
    private int _isDisposed;

    private ChatClient(FlowClient flow, ChatJoin.Joined joined, ChatClientOptions options)
    {
        (_flow, _joined) = (flow, joined);
        Name = joined.Name;
        _events = Channel.CreateBounded<ChatEvent>(new BoundedChannelOptions(options.MaxWaitingEvents) { SingleReader = true, SingleWriter = true });
        _reading = ReadAsync();
    }

    /// <summary>The name others see, as the server writes it.</summary>
    public string Name { get; private set; }

    /// <summary>The rooms that were entered with the join.</summary>
    public IReadOnlyList<string> Rooms => _joined.Rooms;

    /// <summary>The longest text the server takes, in bytes of UTF-8.</summary>
    public int MaxTextBytes => _joined.MaxTextBytes;

    /// <summary>What TLS came to, the server's key among it; null without TLS.</summary>
    public TlsDetails? Tls => _joined.Tls;

    /// <summary>The measured round trip; zero before the first measurement.</summary>
    public TimeSpan RoundTrip => _flow.RoundTrip;

    /// <summary>
    /// Why it is over: what the server said, <see cref="ChatError.Stopping"/> if it went without a word of why, <see cref="ChatError.Unreachable"/> if it
    /// fell silent; <see cref="ChatError.None"/> while it lasts, and after this end has left.
    /// </summary>
    public ChatError End
    {
        get
        {
            lock (_gate)
            {
                if (_end is { } told)
                    return told;
            }

            return _flow.End switch
            {
                FlowEnd.None or FlowEnd.Closed => ChatError.None,
                FlowEnd.ClosedByPeer => ChatError.Stopping,
                _ => ChatError.Unreachable,
            };
        }
    }

    /// <summary>Joins a chat.</summary>
    /// <param name="address">Its <c>tls://</c> address.</param>
    /// <param name="options">As whom, and where.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ChatException">The server said no; see its Reason.</exception>
    /// <exception cref="TransportException">The call failed, or took too long.</exception>
    /// <exception cref="TrustException">The server is not trusted, or refused the login.</exception>
    public static async Task<ChatClient> JoinAsync(Address address, ChatClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        ChatJoin.Joined joined = await ChatJoin.RunAsync(address, options, cancellationToken).ConfigureAwait(false);
        FlowOptions flow = options.Flow with { MaxMessageBytes = joined.MaxMessageBytes };
        return new ChatClient(await FlowClient.ConnectAsync(joined.Datagrams, joined.Keys, flow, options.Dial.Time, cancellationToken).ConfigureAwait(false), joined, options);
    }

    /// <summary>What comes, until the end: messages, comings and goings, what became of one's own messages, notices.</summary>
    public async IAsyncEnumerable<ChatEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatEvent chatEvent in _events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return chatEvent;
    }

    /// <summary>Says something in a room, to somebody, or (neither given) to the operator; completes when the hub has taken it or refused it.</summary>
    /// <remarks>What was begun first is heard first. Events of type <see cref="ChatDelivery"/> tell what becomes of it.</remarks>
    public async Task<ChatReceipt> SendAsync(string text, string? room = null, string? to = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Encoding.UTF8.GetByteCount(text) > MaxTextBytes)
            return new ChatReceipt(0, ChatError.TooLong);
        ServerMessage? answer = await AskAsync(
            json =>
            {
                json.WriteString("say"u8, text);
                if (room is not null)
                    json.WriteString("room"u8, room);
                if (to is not null)
                    json.WriteString("to"u8, to);
            },
            cancellationToken).ConfigureAwait(false);
        return answer is null ? new ChatReceipt(0, Lost) : new ChatReceipt(answer.Id, answer.Error);
    }

    /// <summary>Enters a room.</summary>
    public async Task<ChatError> EnterAsync(string room, string? password = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        ServerMessage? answer = await AskAsync(
            json =>
            {
                json.WriteString("enter"u8, room);
                if (password is not null)
                    json.WriteString("password"u8, password);
            },
            cancellationToken).ConfigureAwait(false);
        return answer?.Error ?? Lost;
    }

    /// <summary>Leaves a room.</summary>
    public async Task<ChatError> LeaveAsync(string room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        return (await AskAsync(json => json.WriteString("leave"u8, room), cancellationToken).ConfigureAwait(false))?.Error ?? Lost;
    }

    /// <summary>Takes another name.</summary>
    public async Task<ChatError> RenameAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ServerMessage? answer = await AskAsync(json => json.WriteString("rename"u8, name), cancellationToken).ConfigureAwait(false);
        if (answer?.Name is { } changed)
            Name = changed;
        return answer?.Error ?? Lost;
    }

    /// <summary>Asks who is in a room one is in.</summary>
    /// <exception cref="ChatException">The server said no, or the connection is lost.</exception>
    public async Task<ChatCrowd> WhoAsync(string room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        ServerMessage? answer = await AskAsync(json => json.WriteString("who"u8, room), cancellationToken).ConfigureAwait(false);
        return answer?.Crowd ?? throw Failure(answer);
    }

    /// <summary>Asks what was said in a room one is in.</summary>
    /// <param name="room">The room.</param>
    /// <param name="before">A message's number: what was said before it. Default the newest.</param>
    /// <param name="limit">At most so many. Default 50; a server gives at most 100, and fewer where they are long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ChatException">The server said no, or the connection is lost.</exception>
    public async Task<ChatPage> HistoryAsync(string room, long? before = null, int limit = 50, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        ServerMessage? answer = await AskAsync(
            json =>
            {
                json.WriteString("history"u8, room);
                if (before is { } id)
                    json.WriteNumber("before"u8, id);
                json.WriteNumber("limit"u8, limit);
            },
            cancellationToken).ConfigureAwait(false);
        return answer?.Page ?? throw Failure(answer);
    }

    /// <summary>Goes on from a new socket, as after a change of network. Nothing is lost or shown twice.</summary>
    public Task MoveAsync(CancellationToken cancellationToken = default) => _flow.MoveAsync(_joined.Datagrams, cancellationToken);

    /// <summary>Leaves. What the hub has not taken yet fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        await _flow.DisposeAsync().ConfigureAwait(false);
        await _over.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _over.Dispose();
    }

    private ChatError Lost => End == ChatError.None ? ChatError.Unreachable : End;

    private ChatException Failure(ServerMessage? answer)
    {
        ChatError reason = answer is null ? Lost : answer.Error == ChatError.None ? ChatError.BadRequest : answer.Error;
        return new ChatException(reason, ChatErrorCodes.Sentence(reason));
    }

    // Null when the end came first.
    private async Task<ServerMessage?> AskAsync(Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(bytes, ChatJson.WriterOptions);
        json.WriteStartObject();
        write(json);
        var answered = new TaskCompletionSource<ServerMessage?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_hasEnded)
                return null;
            json.WriteNumber("ref"u8, ++_lastRef);
            json.WriteEndObject();
            json.Flush();
            if (bytes.WrittenCount > _joined.MaxMessageBytes)
                throw new ArgumentException($"The request has {bytes.WrittenCount} bytes; the maximum is {_joined.MaxMessageBytes}.");
            _asked[_lastRef] = answered;
            // Under the lock, so that numbers and order agree. The answer tells more than the acknowledgement that this would wait for.
            _ = _flow.SendAsync(bytes.WrittenMemory, CancellationToken.None);
        }

        return await answered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> message in _flow.ReadAllAsync(_over.Token).ConfigureAwait(false))
            {
                if (ServerMessage.Read(message) is { } heard)
                    await TakeAsync(heard).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads the events any more.
        }

        TaskCompletionSource<ServerMessage?>[] open;
        lock (_gate)
        {
            _hasEnded = true;
            open = [.. _asked.Values];
            _asked.Clear();
        }

        foreach (TaskCompletionSource<ServerMessage?> each in open)
            each.TrySetResult(null);
        _events.Writer.TryComplete();
    }

    private async ValueTask TakeAsync(ServerMessage heard)
    {
        if (heard.Event is { } chatEvent)
        {
            await _events.Writer.WriteAsync(chatEvent, _over.Token).ConfigureAwait(false);
        }
        else if (heard.Ref is { } reference)
        {
            TaskCompletionSource<ServerMessage?>? asked;
            lock (_gate)
                _asked.Remove(reference, out asked);
            asked?.TrySetResult(heard);
        }
        else if (heard.End is { } why)
        {
            lock (_gate)
                _end = why;
            if (heard.Text is { } text)
                await _events.Writer.WriteAsync(new ChatNotice(text), _over.Token).ConfigureAwait(false);
        }
    }
}
