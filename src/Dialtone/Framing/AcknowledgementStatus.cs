namespace Dialtone;

/// <summary>Whether an acknowledgement stands at the start of some bytes.</summary>
public enum AcknowledgementStatus
{
    /// <summary>Nothing yet, or its beginning.</summary>
    NeedMore,

    /// <summary>It stood there and was taken off.</summary>
    Present,

    /// <summary>Something else stands there and was left.</summary>
    Absent,
}
