using System.Net;
using System.Text;

namespace Dialtone.Chat;

// PROTOCOL.md, Chat in plain datagrams: one datagram of text is one message to the operator; one datagram of text is the answer.
/// <summary>Datagrams of text: each a message to the operator, whose answer goes back as one. Nothing else ever goes back.</summary>
internal sealed class PlainTongue(ChatHub hub, ChatServerOptions options)
{
    /// <summary>Ports below this are services' own (echo, chargen, DNS, NTP): a datagram from there is forged, or an answer that would be answered for ever.</summary>
    private const int FirstClientPort = 1024;

    private readonly int _maxTextBytes = hub.Options.Limits.MaxTextBytes;

    public void Receive(Datagram datagram)
    {
        if (datagram.From is not { } from || IsService(from, datagram.Address.Port))
            return;
        if (hub.Senders.Find(datagram, from, options.Encoding) is not { } sender || !hub.TryPay(sender) || sender.IsMuted)
            return;
        PlainLine.Current = datagram;
        try
        {
            hub.Desk.Ask(sender, Read(datagram, out bool isCut), isCut, taken: null, out _);
        }
        finally
        {
            PlainLine.Current = null;
        }
    }

    // Our own port is another server like this one: two of them must not answer each other's answers (CVE-2024-2169).
    private static bool IsService(EndPoint from, int ownPort) => from is IPEndPoint { Port: var port } && (port < FirstClientPort || port == ownPort);

    private string Read(Datagram datagram, out bool isCut)
    {
        ReadOnlySpan<byte> bytes = datagram.Payload.Span;
        isCut = bytes.Length > _maxTextBytes || datagram.Truncated;
        if (!isCut)
            return options.Encoding.GetString(bytes.TrimEnd("\r\n"u8));
        // A decoder, unlike its encoding, leaves out what was cut of a last character.
        bytes = bytes[..Math.Min(bytes.Length, _maxTextBytes)];
        Span<char> text = new char[options.Encoding.GetMaxCharCount(bytes.Length)];
        return new string(text[..options.Encoding.GetDecoder().GetChars(bytes, text, flush: false)]);
    }
}
