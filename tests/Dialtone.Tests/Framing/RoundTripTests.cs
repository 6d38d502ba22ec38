using System.Buffers;
using FsCheck;
using FsCheck.Fluent;

namespace Dialtone.Tests;

public sealed class RoundTripTests(ITestOutputHelper log)
{
    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void Short_messages_survive_every_split_of_the_stream(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[][] frames = codec.MaxFrameBytes == 3
            ? [[1, 2, 3], [4, 5, 6], [0, 0, 0]]
            : [CodecCases.Text("abc"), [], CodecCases.Text("b")];
        if (CodecCases.Write(codec, frames).Length > 16)
        {
            frames = frames[..1];
        }

        byte[] stream = CodecCases.Write(codec, frames);
        string[] expected = CodecCases.Hex(frames);
        foreach (int[] cuts in Splitting.EverySplit(stream.Length))
        {
            Splitting.Outcome outcome = Splitting.Decode(codec, stream, cuts);
            Assert.Equal(expected, outcome.Frames);
            Assert.Null(outcome.Error);
            Assert.Equal(0, outcome.Left);
        }
    }

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void Long_messages_survive_random_splits(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        int seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            byte[][] frames = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => CodecCases.Content(codec, random))];
            byte[] stream = CodecCases.Write(codec, frames);
            string[] expected = CodecCases.Hex(frames);
            Splitting.Outcome outcome = Splitting.Decode(codec, stream, Splitting.RandomSplit(random, stream.Length));
            Assert.True(expected.SequenceEqual(outcome.Frames), $"seed {seed} round {round}");
            Assert.Equal(0, outcome.Left);
        }
    }

    [Theory, MemberData(nameof(CodecCases.Prefixed), MemberType = typeof(CodecCases))]
    public void A_length_prefix_carries_any_content(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        Prop.ForAll((byte[] frame) =>
            frame.Length > codec.MaxFrameBytes
            || Splitting.Decode(codec, CodecCases.Write(codec, frame)).Frames.SequenceEqual(CodecCases.Hex(frame)))
            .Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));
    }

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void Bytes_mean_the_same_however_they_are_cut(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        Prop.ForAll((byte[] stream, int seed) =>
        {
            Splitting.Outcome whole = Splitting.Decode(codec, stream);
            int[] cuts = Splitting.RandomSplit(new Random(seed), stream.Length);
            Splitting.Outcome random = Splitting.Decode(codec, stream, cuts);
            Splitting.Outcome bytes = Splitting.Decode(codec, stream, Splitting.ByteByByte(stream.Length));
            return whole.ToString() == random.ToString() && whole.ToString() == bytes.ToString();
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));
    }

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public void A_frame_given_in_pieces_is_written_as_one(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] frame = codec.MaxFrameBytes == 3 ? [1, 2, 3] : CodecCases.Text("some content here");
        var output = new ArrayBufferWriter<byte>();
        codec.Write(output, Splitting.Sequence(frame, 1, 2));
        Assert.Equal(CodecCases.Write(codec, frame), output.WrittenSpan.ToArray());
    }

    [Fact]
    public void A_frame_larger_than_one_span_is_written_whole()
    {
        FrameCodec codec = Framing.Int32Prefix(1 << 20);
        var frame = new byte[100_000];
        new Random(1).NextBytes(frame);
        byte[] stream = CodecCases.Write(codec, frame);
        Assert.Equal(CodecCases.Hex(frame), Splitting.Decode(codec, stream, 3, 50_000).Frames);
    }

    [Theory, MemberData(nameof(CodecCases.Prefixed), MemberType = typeof(CodecCases))]
    public void What_is_said_to_be_missing_is_missing(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] stream = CodecCases.Write(codec, new byte[100]);
        int have = 0;
        int looks = 0;
        while (true)
        {
            ReadOnlySequence<byte> input = new(stream, 0, have);
            if (codec.Read(ref input, out _, out long missing) is FrameStatus.Whole)
            {
                break;
            }

            ReadOnlySequence<byte> oneLess = new(stream, 0, have + (int)missing - 1);
            Assert.Equal(FrameStatus.NeedMore, codec.Read(ref oneLess, out _, out _));
            have += (int)missing;
            looks++;
        }

        Assert.Equal(stream.Length, have);
        Assert.True(looks <= 3, "a length prefix needs the prefix, then the rest");
    }

    [Fact]
    public void Raw_frames_are_whatever_arrived_cut_at_the_maximum()
    {
        FrameCodec codec = Framing.Raw(4);
        Assert.Equal(["0102"], Splitting.Decode(codec, [1, 2]).Frames);
        Assert.Equal(["01020304", "05"], Splitting.Decode(codec, [1, 2, 3, 4, 5]).Frames);
        Assert.Empty(CodecCases.Write(codec, Array.Empty<byte>()));
    }

    [Fact]
    public void Lines_end_with_a_line_feed_and_perhaps_a_carriage_return_before_it()
    {
        byte[] stream = CodecCases.Text("one\ntwo\r\n\r\n\nth\rree\r\r\n");
        foreach (int[] cuts in new int[][] { [], [7], [8], [1, 7, 8, 9, 10] })
        {
            Assert.Equal(
                CodecCases.Hex(
                    CodecCases.Text("one"), CodecCases.Text("two"), [], [], CodecCases.Text("th\rree\r")),
                Splitting.Decode(Framing.Line(100), stream, cuts).Frames);
        }

        Assert.Equal("x\n"u8, CodecCases.Write(Framing.Line(9), CodecCases.Text("x")));
        Assert.Equal("x\r\n"u8, CodecCases.Write(Framing.Line(9, LineEnding.CrLf), CodecCases.Text("x")));
    }

    [Fact]
    public void Prefixes_stand_on_the_wire_as_python_packs_them()
    {
        byte[] content = CodecCases.Text("hi");
        Assert.Equal("020000006869", Wire(Framing.Int32Prefix(9)));
        Assert.Equal("000000026869", Wire(Framing.Int32BigEndianPrefix(9)));
        Assert.Equal("026869", Wire(CodecCases.Get("uint8")));
        Assert.Equal("036869", Wire(CodecCases.Get("uint8 itself")));
        Assert.Equal("00046869", Wire(CodecCases.Get("uint16 big-endian itself")));
        Assert.Equal("02000000000000006869", Wire(CodecCases.Get("uint64")));
        Assert.Equal("AC02", Convert.ToHexString(CodecCases.Write(Framing.Varint(300), new byte[300]))[..4]);

        string Wire(FrameCodec codec) => Convert.ToHexString(CodecCases.Write(codec, content));
    }
}
