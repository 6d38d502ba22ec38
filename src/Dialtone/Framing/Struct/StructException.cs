namespace Dialtone;

/// <summary>A format, value or buffer that does not fit: Python's <c>struct.error</c>.</summary>
public sealed class StructException : Exception
{
    internal StructException(StructError reason, string message, int position = -1)
        : base(message)
    {
        Reason = reason;
        Position = position;
    }

    /// <summary>What went wrong, to branch on.</summary>
    public StructError Reason { get; }

    /// <summary>The index in the format text where it went wrong, from 0; −1 when no one place is at fault.</summary>
    public int Position { get; }
}
