using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>The way back to a plain sender: one datagram of text, from the socket its last one came in on.</summary>
internal sealed class PlainLine(DatagramSender sender, EndPoint address, Encoding encoding) : IChatLine
{
    private const int MaxStackBytes = 1024;

    [ThreadStatic]
    private static Datagram? current;

    private DatagramSender _sender = sender;

    /// <summary>The datagram this thread is handling, or null: an answer given at once leaves with others of its batch.</summary>
    public static Datagram? Current
    {
        get => current;
        set => current = value;
    }

    public ChatTongue Tongue => ChatTongue.Plain;

    public EndPoint Address => address;

    /// <summary>The host it claims to be.</summary>
    public AddressRange Range { get; } = AddressRange.Of(address);

    public bool IsVerified => false;

    /// <summary>Sends by another socket from now on, if it was heard on another.</summary>
    public void HeardOn(Datagram datagram)
    {
        if (!datagram.IsFrom(_sender))
            _sender = datagram.KeepSender();
    }

    public int CountBytes(string text) => encoding.GetByteCount(text);

    public bool TrySend(ChatOutgoing outgoing)
    {
        if (outgoing.Event is not ChatMessage { From: ChatHub.Operator } message)
            return false; // nothing goes to a plain sender but the operator's answers
        int length = CountBytes(message.Text);
        Span<byte> bytes = length <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[length];
        bytes = bytes[..encoding.GetBytes(message.Text, bytes)];
        bool isSent = Current is { } datagram && datagram.IsFrom(_sender) ? datagram.Reply(bytes) : _sender.Send(bytes);
        if (isSent)
            outgoing.Tell(isDelivered: true);
        return isSent;
    }

    public void Close(ChatError why)
    {
        // There is no connection to end; the hub has forgotten the sender.
    }
}
