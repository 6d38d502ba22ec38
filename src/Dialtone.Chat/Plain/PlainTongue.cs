using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>Datagrams of text: each a message to the operator, whose answer goes back as one.</summary>
internal sealed class PlainTongue(ChatHub hub, ChatServerOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, ChatParticipant> _senders = []; // under _gate

    public void Receive(Datagram datagram)
    {
        if (datagram.From is not { } from)
            return;
        ChatParticipant? sender;
        lock (_gate)
        {
            if (!_senders.TryGetValue(from, out sender))
                _senders.Add(from, sender = new ChatParticipant(null, null, new PlainLine(datagram.KeepSender(), options.Encoding), hub.UtcNow.ToUnixTimeMilliseconds()));
        }

        hub.Say(sender, null, null, options.Encoding.GetString(datagram.Payload.Span).TrimEnd('\r', '\n'), null, out _);
    }

    private sealed class PlainLine(DatagramSender sender, Encoding encoding) : IChatLine
    {
        public ChatTongue Tongue => ChatTongue.Plain;

        public EndPoint? Address => sender.Address;

        public bool IsVerified => false;

        public bool TrySend(ChatOutgoing outgoing)
        {
            bool isSent = outgoing.Event is ChatMessage message && sender.Send(encoding.GetBytes(message.Text));
            if (isSent)
                outgoing.Tell(isDelivered: true);
            return isSent;
        }

        public void Close(ChatError why)
        {
        }
    }
}
