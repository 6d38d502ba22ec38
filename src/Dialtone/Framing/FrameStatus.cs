namespace Dialtone;

/// <summary>What a codec found at the start of its input.</summary>
public enum FrameStatus
{
    /// <summary>The start of a frame, or nothing at all: more bytes are needed.</summary>
    NeedMore,

    /// <summary>A whole frame.</summary>
    Whole,
}
