using System.Globalization;

namespace Dialtone;

/// <summary>
/// The peer broke the framing, or a frame cannot be written in it. The stream has no known next frame: close it.
/// </summary>
/// <remarks>The message names the bound and the value, never the peer's bytes.</remarks>
public sealed class ProtocolException : Exception
{
    /// <summary>An error of the framing layer.</summary>
    /// <param name="reason">What to branch on.</param>
    /// <param name="message">What was wrong, with the bound and the value.</param>
    /// <param name="innerException">What found it, if that says more.</param>
    public ProtocolException(ProtocolError reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>What to branch on.</summary>
    public ProtocolError Reason { get; }

    internal static ProtocolException Negative(long length) =>
        new(ProtocolError.NegativeLength, Say($"The frame's length is {length}; it cannot be less than 0."));

    internal static ProtocolException TooSmall(ulong length, int prefixBytes) =>
        new(ProtocolError.LengthTooSmall,
            Say($"The frame's length is {length}, which counts its own {prefixBytes} bytes and cannot be less."));

    internal static ProtocolException TooLarge(ulong length, long maximum) =>
        new(ProtocolError.FrameTooLarge, Say($"The frame's length is {length} bytes; the maximum is {maximum}."));

    internal static ProtocolException TooLargeAlready(ulong length, long maximum) =>
        new(ProtocolError.FrameTooLarge, Say($"The frame's length is at least {length} bytes; the maximum is {maximum}."));

    internal static ProtocolException Wrong(long length, int only) =>
        new(ProtocolError.WrongLength,
            Say($"The frame's length is {length} bytes; every frame of this codec has {only}."));

    internal static ProtocolException Unended(long scanned, long maximum) =>
        new(ProtocolError.FrameTooLarge,
            Say($"The frame has no end within {scanned} bytes; the maximum is {maximum}."));

    internal static ProtocolException Truncated(long missing) =>
        new(ProtocolError.TruncatedFrame,
            Say($"The connection ended inside a frame; at least {missing} more bytes were due."));

    private static string Say(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}
