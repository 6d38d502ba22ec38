namespace Dialtone.Commands;

/// <summary>The tutorials' four ways to say how long a reply is. PROTOCOL.md has the bytes.</summary>
public enum TutorialFraming
{
    /// <summary>Not at all: replies stick together.</summary>
    Raw,

    /// <summary>Its length in ASCII digits, sent ahead and acknowledged with <c>recv_ready</c>.</summary>
    Acknowledged,

    /// <summary>A length of 4 bytes, little-endian, signed, in front.</summary>
    Int32,

    /// <summary>A JSON header <c>{"data_size": N}</c>, itself behind its length, in front.</summary>
    Json,
}
