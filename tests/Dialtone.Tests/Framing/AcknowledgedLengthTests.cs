using System.Buffers;
using System.Text;

namespace Dialtone.Tests;

public sealed class AcknowledgedLengthTests
{
    private static readonly AcknowledgedLength Codec = Framing.AcknowledgedLength(5000);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(42, "42")]
    [InlineData(5000, "5000")]
    public void A_length_is_written_in_digits_and_read_back(int length, string text)
    {
        var output = new ArrayBufferWriter<byte>();
        Codec.WriteLength(output, length);
        Assert.Equal(text, Encoding.ASCII.GetString(output.WrittenSpan));

        var input = new ReadOnlySequence<byte>(output.WrittenMemory);
        Assert.Equal(FrameStatus.Whole, Codec.ReadLength(ref input, out int read));
        Assert.Equal(length, read);
        Assert.True(input.IsEmpty);
    }

    [Theory]
    [InlineData("5001", ProtocolError.FrameTooLarge)]
    [InlineData("9999999999", ProtocolError.FrameTooLarge)]
    [InlineData("99999999999", ProtocolError.BadLength)]
    [InlineData("-1", ProtocolError.BadLength)]
    [InlineData("+1", ProtocolError.BadLength)]
    [InlineData("007", ProtocolError.BadLength)]
    [InlineData(" 1", ProtocolError.BadLength)]
    [InlineData("1\n", ProtocolError.BadLength)]
    [InlineData("1e3", ProtocolError.BadLength)]
    [InlineData("\0", ProtocolError.BadLength)]
    [InlineData("\u0661", ProtocolError.BadLength)]
    public void Anything_but_a_length_within_the_maximum_is_refused(string text, ProtocolError reason)
    {
        var input = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text));
        var e = Assert.Throws<ProtocolException>(() => Codec.ReadLength(ref input, out _));
        Assert.Equal(reason, e.Reason);
    }

    [Fact]
    public void Nothing_is_not_a_length_yet()
    {
        ReadOnlySequence<byte> input = ReadOnlySequence<byte>.Empty;
        Assert.Equal(FrameStatus.NeedMore, Codec.ReadLength(ref input, out _));
    }

    [Theory]
    [InlineData("", AcknowledgementStatus.NeedMore, "")]
    [InlineData("recv_", AcknowledgementStatus.NeedMore, "recv_")]
    [InlineData("recv_ready", AcknowledgementStatus.Present, "")]
    [InlineData("recv_readyls", AcknowledgementStatus.Present, "ls")]
    [InlineData("ls", AcknowledgementStatus.Absent, "ls")]
    [InlineData("recv_reads", AcknowledgementStatus.Absent, "recv_reads")]
    public void An_acknowledgement_is_taken_as_a_literal_prefix(string text, AcknowledgementStatus status, string rest)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        foreach (int cut in Enumerable.Range(0, bytes.Length + 1))
        {
            ReadOnlySequence<byte> input = Splitting.Sequence(bytes, cut);
            Assert.Equal(status, AcknowledgedLength.ReadAcknowledgement(ref input));
            Assert.Equal(rest, Encoding.ASCII.GetString(input));
        }
    }
}
