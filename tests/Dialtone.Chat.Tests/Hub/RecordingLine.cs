using System.Net;

namespace Dialtone.Chat.Tests;

/// <summary>A participant's way out that keeps what it is given.</summary>
internal sealed class RecordingLine(ChatTongue tongue = ChatTongue.Native, string address = "10.0.0.1:4000") : IChatLine
{
    private readonly Lock _gate = new();
    private readonly List<ChatEvent> _events = [];
    private readonly Queue<ChatOutgoing> _undecided = new();

    public ChatTongue Tongue => tongue;

    public EndPoint? Address { get; } = IPEndPoint.Parse(address);

    public bool IsVerified => true;

    /// <summary>Whether it takes messages.</summary>
    public bool Works { get; set; } = true;

    /// <summary>Whether outcomes wait for <see cref="Decide"/>.</summary>
    public bool IsSlow { get; set; }

    public ChatError Closed { get; private set; }

    public ChatEvent[] Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    public IEnumerable<string> Texts => Events.OfType<ChatMessage>().Select(static message => message.Text);

    public IEnumerable<ChatDelivery> Marks => Events.OfType<ChatDelivery>();

    public bool TrySend(ChatOutgoing outgoing)
    {
        if (!Works)
            return false;
        lock (_gate)
        {
            _events.Add(outgoing.Event);
            if (IsSlow)
                _undecided.Enqueue(outgoing);
        }

        if (!IsSlow)
            outgoing.Tell(isDelivered: true);
        return true;
    }

    public void Close(ChatError why) => Closed = why;

    public void Decide(bool isDelivered)
    {
        while (_undecided.TryDequeue(out ChatOutgoing? outgoing))
            outgoing.Tell(isDelivered);
    }
}
