using System.Buffers;
using System.Text;

namespace Dialtone.Tests;

/// <summary>Every codec that makes frames of its own, by the name a failing test shows.</summary>
internal static class CodecCases
{
    public const int Max = 300;

    private static readonly Dictionary<string, FrameCodec> Codecs = new()
    {
        ["line"] = Framing.Line(Max),
        ["line crlf"] = Framing.Line(Max, LineEnding.CrLf),
        ["delimiter ;"] = Framing.Delimiter(";"u8, Max),
        ["delimiter abab"] = Framing.Delimiter("abab"u8, Max),
        ["fixed 3"] = Framing.FixedLength(3),
        ["int32"] = Framing.Int32Prefix(Max),
        ["int32 big-endian"] = Framing.Int32BigEndianPrefix(Max),
        ["varint"] = Framing.Varint(Max),
        ["uint8"] = Prefix(1, max: 255),
        ["int8"] = Prefix(1, signed: true, max: 127),
        ["uint8 itself"] = Prefix(1, itself: true, max: 254),
        ["uint16"] = Prefix(2),
        ["uint16 big-endian itself"] = Prefix(2, ByteOrder.BigEndian, itself: true),
        ["uint32 itself"] = Prefix(4, itself: true),
        ["uint64"] = Prefix(8),
        ["int64 big-endian"] = Prefix(8, ByteOrder.BigEndian, signed: true),
        ["int64 itself"] = Prefix(8, signed: true, itself: true),
    };

    public static TheoryData<string> Names => [.. Codecs.Keys];

    /// <summary>The codecs that can carry any content, and the bytes in front of it.</summary>
    public static TheoryData<string> Prefixed => [.. Codecs.Keys.Where(n => n.Contains("int", StringComparison.Ordinal))];

    public static FrameCodec Get(string name) => Codecs[name];

    public static byte[] Write(FrameCodec codec, params IEnumerable<byte[]> frames)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (byte[] frame in frames)
        {
            codec.Write(output, frame);
        }

        return output.WrittenSpan.ToArray();
    }

    public static string[] Hex(params IEnumerable<byte[]> frames) => [.. frames.Select(Convert.ToHexString)];

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Random content this codec can carry.</summary>
    public static byte[] Content(FrameCodec codec, Random random)
    {
        while (true)
        {
            var content = new byte[codec.MaxFrameBytes == 3 ? 3 : Length(codec, random)];
            random.NextBytes(content);
            if (random.Next(2) == 0)
            {
                content.AsSpan().Fill((byte)'a');
            }

            try
            {
                codec.CheckContent(content);
                return content;
            }
            catch (ProtocolException)
            {
            }
        }
    }

    private static int Length(FrameCodec codec, Random random) => random.Next(4) switch
    {
        0 => 0,
        1 => codec.MaxFrameBytes,
        2 => random.Next(1, 4),
        _ => random.Next(codec.MaxFrameBytes + 1),
    };

    private static FrameCodec Prefix(
        int size, ByteOrder order = ByteOrder.LittleEndian, bool signed = false, bool itself = false, int max = Max) =>
        Framing.LengthPrefix(new LengthPrefixOptions
        {
            Size = size, Order = order, Signed = signed, CountsItself = itself, MaxFrameBytes = max,
        });
}
