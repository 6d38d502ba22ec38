namespace Dialtone;

/// <summary>A header that arrived, and the body behind it, which is still on its way.</summary>
/// <typeparam name="THeader">The header's type.</typeparam>
public sealed class JsonMessage<THeader>
{
    internal JsonMessage(THeader header, BodyStream body)
    {
        Header = header;
        Body = body;
    }

    /// <summary>The header.</summary>
    public THeader Header { get; }

    /// <summary>
    /// The body, as long as the header states. Read it before the next message is received: what is left then is
    /// skipped, up to <see cref="JsonHeaderOptions.MaxSkippedBytes"/>.
    /// </summary>
    public BodyStream Body { get; }

    /// <summary>Takes the message apart.</summary>
    public void Deconstruct(out THeader header, out BodyStream body)
    {
        header = Header;
        body = Body;
    }
}
