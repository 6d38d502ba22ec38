using System.Buffers;
using System.Globalization;

namespace Dialtone;

/// <summary>
/// The tutorials' cure for sticking messages: the sender says the length in ASCII digits, waits for the receiver's
/// <c>recv_ready</c>, and only then sends the content. Pure: it reads and writes the two short messages.
/// </summary>
/// <remarks>
/// Nothing ends the digits but the pause in which the sender waits, so a length cut in two by the network cannot be
/// told from a whole one. Choose another framing where you may.
/// </remarks>
public sealed class AcknowledgedLength
{
    private const int MaxDigits = 10;   // int.MaxValue

    internal AcknowledgedLength(int maxFrameBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrameBytes, 1);
        MaxFrameBytes = maxFrameBytes;
    }

    /// <summary>The longest content, in bytes, read or written.</summary>
    public int MaxFrameBytes { get; }

    /// <summary>What the receiver says between length and content.</summary>
    public static ReadOnlySpan<byte> Acknowledgement => "recv_ready"u8;

    /// <summary>Writes a length in ASCII digits.</summary>
    /// <exception cref="ProtocolException">The length is more than the maximum.</exception>
    public void WriteLength(IBufferWriter<byte> output, int frameBytes)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfNegative(frameBytes);
        CheckLength((ulong)frameBytes);
        frameBytes.TryFormat(output.GetSpan(MaxDigits), out int written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <summary>Reads the digits that have arrived as one length.</summary>
    /// <param name="input">Advanced to its end if there were digits, otherwise untouched.</param>
    /// <param name="frameBytes">The content's length, from 0 to the maximum.</param>
    /// <exception cref="ProtocolException">Something else than a length within the maximum.</exception>
    public FrameStatus ReadLength(ref ReadOnlySequence<byte> input, out int frameBytes)
    {
        frameBytes = 0;
        if (input.IsEmpty)
        {
            return FrameStatus.NeedMore;
        }

        Span<byte> digits = stackalloc byte[MaxDigits];
        if (input.Length > MaxDigits)
        {
            throw BadLength($"A length in text has {input.Length} characters; the maximum is {MaxDigits}.");
        }

        var count = (int)input.Length;
        input.CopyTo(digits);
        digits = digits[..count];
        if (digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') || (count > 1 && digits[0] == '0'))
        {
            throw BadLength("A length in text is 1 to 10 ASCII digits without a leading zero.");
        }

        ulong length = 0;
        foreach (byte digit in digits)
        {
            length = (length * 10) + (uint)(digit - '0');
        }

        CheckLength(length);
        frameBytes = (int)length;
        input = input.Slice(input.End);
        return FrameStatus.Whole;
    }

    /// <summary>Takes the acknowledgement off the start of <paramref name="input"/>, if it stands there.</summary>
    /// <param name="input">Advanced past it if it is whole, otherwise untouched.</param>
    /// <returns>
    /// <see cref="AcknowledgementStatus.Absent"/> is normal after a length of 0, where a client may go on at once.
    /// </returns>
    public static AcknowledgementStatus ReadAcknowledgement(ref ReadOnlySequence<byte> input)
    {
        Span<byte> start = stackalloc byte[Acknowledgement.Length];
        var count = (int)Math.Min(input.Length, start.Length);
        input.Slice(0, count).CopyTo(start);
        if (!Acknowledgement.StartsWith(start[..count]))
        {
            return AcknowledgementStatus.Absent;
        }

        if (count < Acknowledgement.Length)
        {
            return AcknowledgementStatus.NeedMore;
        }

        input = input.Slice(count);
        return AcknowledgementStatus.Present;
    }

    private void CheckLength(ulong length)
    {
        if (length > (ulong)MaxFrameBytes)
        {
            throw ProtocolException.TooLarge(length, MaxFrameBytes);
        }
    }

    private static ProtocolException BadLength(string message) => new(ProtocolError.BadLength, message);
}
