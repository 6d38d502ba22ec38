namespace Dialtone;

/// <summary>Why bytes could not be a frame, or a frame could not be bytes.</summary>
public enum ProtocolError
{
    /// <summary>A length below zero.</summary>
    NegativeLength,

    /// <summary>A length that counts itself, and is less than its own size.</summary>
    LengthTooSmall,

    /// <summary>A varint with more bytes than its value needs.</summary>
    NonMinimalLength,

    /// <summary>A length in text that is not 1 to 10 ASCII digits without a leading zero.</summary>
    BadLength,

    /// <summary>A frame longer than the codec's maximum.</summary>
    FrameTooLarge,

    /// <summary>A frame to be written that has not the codec's fixed length.</summary>
    WrongLength,

    /// <summary>A frame to be written that contains what ends a frame, and would arrive as two.</summary>
    DelimiterInFrame,

    /// <summary>The connection ended inside a frame, a header or a body.</summary>
    TruncatedFrame,

    /// <summary>A text frame that its encoding cannot decode, or a text that it cannot encode.</summary>
    BadText,

    /// <summary>Something else where an acknowledgement was due.</summary>
    BadAcknowledgement,

    /// <summary>A header longer than <see cref="JsonHeaderOptions.MaxHeaderBytes"/>.</summary>
    HeaderTooLarge,

    /// <summary>
    /// A header that is not one JSON object of the agreed form: syntax, UTF-8, depth, a key given twice, a wrong type.
    /// </summary>
    BadHeader,

    /// <summary>A body longer than <see cref="JsonHeaderOptions.MaxBodyBytes"/>.</summary>
    BodyTooLarge,

    /// <summary>A body left unread that is longer than <see cref="JsonHeaderOptions.MaxSkippedBytes"/>.</summary>
    BodyNotRead,
}
