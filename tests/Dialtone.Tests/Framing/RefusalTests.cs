using System.Buffers;

namespace Dialtone.Tests;

public sealed class RefusalTests
{
    [Theory]
    [InlineData("int32", "FFFFFFFF", ProtocolError.NegativeLength, "-1")]
    [InlineData("int32", "00000080", ProtocolError.NegativeLength, "-2147483648")]
    [InlineData("int32", "FFFFFF7F", ProtocolError.FrameTooLarge, "2147483647")]
    [InlineData("int32 big-endian", "FFFFFFFF", ProtocolError.NegativeLength, "-1")]
    [InlineData("int32 big-endian", "7FFFFFFF", ProtocolError.FrameTooLarge, "2147483647")]
    [InlineData("int8", "FF", ProtocolError.NegativeLength, "-1")]
    [InlineData("uint16", "FFFF", ProtocolError.FrameTooLarge, "65535")]
    [InlineData("uint64", "0000000000000080", ProtocolError.FrameTooLarge, "9223372036854775808")]
    [InlineData("uint64", "FFFFFFFFFFFFFFFF", ProtocolError.FrameTooLarge, "18446744073709551615")]
    [InlineData("int64 big-endian", "8000000000000000", ProtocolError.NegativeLength, "-9223372036854775808")]
    [InlineData("int64 itself", "FFFFFFFFFFFFFF7F", ProtocolError.FrameTooLarge, "9223372036854775799")]
    [InlineData("uint8 itself", "00", ProtocolError.LengthTooSmall, "0")]
    [InlineData("uint32 itself", "03000000", ProtocolError.LengthTooSmall, "3")]
    [InlineData("uint16 big-endian itself", "0001", ProtocolError.LengthTooSmall, "1")]
    [InlineData("varint", "8000", ProtocolError.NonMinimalLength, "0")]
    [InlineData("varint", "818000", ProtocolError.NonMinimalLength, "1")]
    [InlineData("varint", "FFFFFFFF07", ProtocolError.FrameTooLarge, "at least 16383 bytes; the maximum is 300")]
    [InlineData("varint", "AD02", ProtocolError.FrameTooLarge, "is 301 bytes")]
    [InlineData("varint", "80808080808080808001", ProtocolError.FrameTooLarge, "300")]
    [InlineData("varint", "FFFFFFFFFFFFFFFFFF01", ProtocolError.FrameTooLarge, "300")]
    public void A_length_out_of_bounds_is_refused_before_its_frame_arrives(
        string name, string hex, ProtocolError reason, string value)
    {
        byte[] stream = Convert.FromHexString(hex);
        foreach (int[] cuts in Splitting.EverySplit(stream.Length))
        {
            Splitting.Outcome outcome = Splitting.Decode(CodecCases.Get(name), stream, cuts);
            Assert.Equal(reason, outcome.Error);
            Assert.Contains(value, outcome.Message, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void The_maximum_is_allowed_and_one_more_is_refused_both_ways(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] largest = new byte[codec.MaxFrameBytes];
        Assert.Equal(CodecCases.Hex(largest), Splitting.Decode(codec, CodecCases.Write(codec, largest)).Frames);

        var output = new ArrayBufferWriter<byte>();
        var e = Assert.Throws<ProtocolException>(() => codec.Write(output, new byte[codec.MaxFrameBytes + 1]));
        Assert.True(e.Reason is ProtocolError.FrameTooLarge or ProtocolError.WrongLength);
        Assert.Contains($"{codec.MaxFrameBytes + 1}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"{codec.MaxFrameBytes}", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, output.WrittenCount);
    }

    [Theory]
    [InlineData("int32")]
    [InlineData("uint16 big-endian itself")]
    [InlineData("uint64")]
    [InlineData("varint")]
    [InlineData("line")]
    [InlineData("line crlf")]
    [InlineData("delimiter ;")]
    [InlineData("delimiter abab")]
    public void One_byte_over_the_maximum_is_refused_when_it_is_read(string name)
    {
        byte[] stream = CodecCases.Write(Wider(name), new byte[CodecCases.Max + 1]);
        foreach (IEnumerable<int> cuts in new[] { [], Splitting.ByteByByte(stream.Length) })
        {
            Splitting.Outcome outcome = Splitting.Decode(CodecCases.Get(name), stream, cuts);
            Assert.Equal(ProtocolError.FrameTooLarge, outcome.Error);
            Assert.Empty(outcome.Frames);
        }
    }

    [Theory]
    [InlineData("line", 2)]
    [InlineData("delimiter ;", 1)]
    [InlineData("delimiter abab", 4)]
    public void A_frame_that_never_ends_is_refused_at_the_maximum(string name, int delimiterBytes)
    {
        FrameCodec codec = CodecCases.Get(name);
        var stream = new byte[CodecCases.Max + delimiterBytes];
        Assert.Equal(stream.Length - 1, Splitting.Decode(codec, stream[..^1]).Left);
        Assert.Equal(ProtocolError.FrameTooLarge, Splitting.Decode(codec, stream).Error);
    }

    [Theory]
    [InlineData("line", "a\nb")]
    [InlineData("line", "a\r")]
    [InlineData("line crlf", "\n")]
    [InlineData("line crlf", "\r")]
    [InlineData("delimiter ;", "a;b")]
    [InlineData("delimiter abab", "xabab")]
    [InlineData("delimiter abab", "xab")]
    public void Content_that_would_arrive_as_two_frames_is_not_written(string name, string content)
    {
        var output = new ArrayBufferWriter<byte>();
        byte[] frame = CodecCases.Text(content);
        foreach (Action write in new Action[]
        {
            () => CodecCases.Get(name).Write(output, frame),
            () => CodecCases.Get(name).Write(output, Splitting.Sequence(frame, frame.Length / 2)),
        })
        {
            Assert.Equal(ProtocolError.DelimiterInFrame, Assert.Throws<ProtocolException>(write).Reason);
        }

        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void A_frame_of_another_length_is_not_written_as_a_fixed_one()
    {
        FrameCodec codec = Framing.FixedLength(8);
        foreach (int length in new[] { 0, 7, 9 })
        {
            var e = Assert.Throws<ProtocolException>(() => CodecCases.Write(codec, new byte[length]));
            Assert.Equal(ProtocolError.WrongLength, e.Reason);
        }
    }

    [Fact]
    public void A_codec_that_cannot_work_is_not_made()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.Raw(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.Line(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.FixedLength(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.Delimiter([], 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.Delimiter(new byte[65], 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framing.Int32Prefix(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LengthPrefixOptions { Size = 3 });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Framing.LengthPrefix(new LengthPrefixOptions { Size = 1, MaxFrameBytes = 256 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Framing.LengthPrefix(new LengthPrefixOptions { Size = 1, Signed = true, MaxFrameBytes = 128 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Framing.LengthPrefix(new LengthPrefixOptions { Size = 1, CountsItself = true, MaxFrameBytes = 255 }));
    }

    [Fact]
    public void Without_a_maximum_a_prefix_allows_a_mebibyte_or_what_it_can_say()
    {
        Assert.Equal(1 << 20, Framing.LengthPrefix(new LengthPrefixOptions()).MaxFrameBytes);
        Assert.Equal(255, Framing.LengthPrefix(new LengthPrefixOptions { Size = 1 }).MaxFrameBytes);
        Assert.Equal(
            32765,
            Framing.LengthPrefix(new LengthPrefixOptions { Size = 2, Signed = true, CountsItself = true }).MaxFrameBytes);
    }

    private static FrameCodec Wider(string name) => name switch
    {
        "int32" => Framing.Int32Prefix(1000),
        "uint16 big-endian itself" => Framing.LengthPrefix(
            new LengthPrefixOptions { Size = 2, Order = ByteOrder.BigEndian, CountsItself = true }),
        "uint64" => Framing.LengthPrefix(new LengthPrefixOptions { Size = 8 }),
        "varint" => Framing.Varint(1000),
        "line" => Framing.Line(1000),
        "line crlf" => Framing.Line(1000, LineEnding.CrLf),
        "delimiter ;" => Framing.Delimiter(";"u8, 1000),
        _ => Framing.Delimiter("abab"u8, 1000),
    };
}
