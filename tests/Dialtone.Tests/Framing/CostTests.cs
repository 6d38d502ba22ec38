using System.Buffers;

namespace Dialtone.Tests;

public sealed class CostTests
{
    private const int Rounds = 1_000;

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void Reading_and_writing_allocate_nothing(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] content = codec.MaxFrameBytes == 3 ? [1, 2, 3] : CodecCases.Text("sixteen bytes...");
        byte[] stream = CodecCases.Write(codec, content, content, content);
        var whole = new ReadOnlySequence<byte>(stream);
        ReadOnlySequence<byte> cut = Splitting.Sequence(stream, 1, 2, 3, stream.Length / 2, stream.Length - 1);
        var output = new ArrayBufferWriter<byte>(1024);
        long frames = 0;
        Assert.Equal(0, Allocations.Least(() =>
        {
            frames = 0;
            for (int round = 0; round < Rounds; round++)
            {
                frames += Count(whole) + Count(cut);
                output.ResetWrittenCount();
                codec.Write(output, content);
            }
        }));
        Assert.Equal(6 * Rounds, frames);

        int Count(ReadOnlySequence<byte> input)
        {
            int count = 0;
            while (codec.Read(ref input, out _, out _) is FrameStatus.Whole)
            {
                count++;
            }

            return count;
        }
    }

    [Theory]
    [InlineData("line", 0, "\n")]
    [InlineData("delimiter ;", 0, ";")]
    [InlineData("delimiter abab", 3, "abab")]
    public void Bytes_already_scanned_are_not_looked_at_again(string name, int overlap, string delimiter)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] poison = CodecCases.Text(delimiter);
        var stream = new byte[200];
        var progress = default(FrameProgress);
        long scanned = 0;
        for (int have = 1; have <= stream.Length; have++)
        {
            ReadOnlySequence<byte> input = have % 2 == 0
                ? Splitting.Sequence(stream[..have], have / 3, have / 2)
                : new(stream, 0, have);
            scanned += have - progress.Examined;
            Assert.Equal(FrameStatus.NeedMore, codec.Read(ref input, ref progress, out _));
            Assert.Equal(Math.Max(0, have - overlap), progress.Examined);

            // A codec that looked back would now find an end that was not there when it passed.
            for (int at = 0; at + poison.Length <= progress.Examined; at += poison.Length)
            {
                poison.CopyTo(stream, at);
            }
        }

        Assert.True(scanned <= stream.Length * (overlap + 1), $"{scanned} bytes of work for {stream.Length}");
    }

    [Theory]
    [InlineData("FFFFFFFF")]
    [InlineData("00000080")]
    [InlineData("FFFFFF7F")]
    public void A_hostile_length_costs_no_memory(string hex)
    {
        byte[] stream = Convert.FromHexString(hex);
        FrameCodec codec = Framing.Int32Prefix(1 << 20);
        Assert.InRange(
            Allocations.Least(() =>
            {
                var input = new ReadOnlySequence<byte>(stream);
                Assert.Throws<ProtocolException>(() => codec.Read(ref input, out _, out _));
            }),
            0,
            16 * 1024);
    }
}
