using System.Text;

namespace Dialtone.Chat;

/// <summary>An event on its way out, encoded once for everybody it goes to.</summary>
internal sealed class ChatOutgoing(ChatEvent chatEvent, DeliveryMarks? marks = null)
{
    private byte[]? _json;
    private Tuple<Encoding, byte[]>? _line;

    public ChatEvent Event => chatEvent;

    /// <summary>Whether somebody wants to know what becomes of it.</summary>
    public bool IsWatched => marks is not null;

    /// <summary>As the native protocol and the history file write it.</summary>
    public ReadOnlyMemory<byte> Json => _json ??= ChatJson.Encode(chatEvent);

    /// <summary>For a flow's outcome: one delegate for everybody it goes to; null where nobody wants to know.</summary>
    public Action<FlowEnd>? FlowOutcome => marks?.FlowOutcome;

    /// <summary>One recipient has it, or never will.</summary>
    public void Tell(bool isDelivered) => marks?.Tell(isDelivered);

    /// <summary>As a line of text with CRLF, for people at a terminal: nothing in it moves a cursor.</summary>
    public ReadOnlyMemory<byte> Line(Encoding encoding)
    {
        // Two threads may both encode it, which costs only their time.
        if (_line is not { } line || !ReferenceEquals(line.Item1, encoding))
            _line = line = Tuple.Create(encoding, encoding.GetBytes(ChatText.LineOf(chatEvent)));
        return line.Item2;
    }
}
