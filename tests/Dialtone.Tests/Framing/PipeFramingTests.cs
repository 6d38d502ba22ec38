using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dialtone.Tests;

public sealed class PipeFramingTests(ITestOutputHelper log)
{
    private static readonly FrameCodec Int32 = Framing.Int32Prefix(1 << 20);

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public async Task Frames_come_out_of_a_pipe_as_they_went_in(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        int seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] frames = [.. Enumerable.Range(0, 200).Select(_ => CodecCases.Content(codec, random))];
        byte[] stream = CodecCases.Write(codec, frames);
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 64));

        Task writing = Task.Run(async () =>
        {
            for (int at = 0; at < stream.Length;)
            {
                int count = Math.Min(random.Next(1, 400), stream.Length - at);
                await pipe.Writer.WriteAsync(stream.AsMemory(at, count));
                at += count;
            }

            pipe.Writer.Complete();
        }, TestContext.Current.CancellationToken);

        Assert.Equal(CodecCases.Hex(frames), await AllAsync(pipe.Reader.ReadFramesAsync(codec)));
        await writing;
    }

    [Theory, MemberData(nameof(CodecCases.Names), MemberType = typeof(CodecCases))]
    public async Task A_stream_cut_inside_a_frame_is_truncated_and_between_frames_is_ended(string name)
    {
        FrameCodec codec = CodecCases.Get(name);
        byte[] frame = [1, 2, 3];
        byte[] stream = CodecCases.Write(codec, frame, frame);
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            bool between = cut % (stream.Length / 2) == 0;
            List<string> loop = [];
            Exception? looping = await Record.ExceptionAsync(async () =>
            {
                await foreach (ReadOnlySequence<byte> read in Ended(stream[..cut]).ReadFramesAsync(codec))
                {
                    loop.Add(Convert.ToHexString(read.ToArray()));
                }
            });
            Exception? single = await Record.ExceptionAsync(async () =>
            {
                PipeReader input = Ended(stream[..cut]);
                while (await input.ReadFrameAsync(codec) is not null)
                {
                }
            });

            Assert.Equal(cut * 2 / stream.Length, loop.Count);
            Assert.Equal(between ? null : ProtocolError.TruncatedFrame, (looping as ProtocolException)?.Reason);
            Assert.Equal(between ? null : ProtocolError.TruncatedFrame, (single as ProtocolException)?.Reason);
        }
    }

    [Fact]
    public async Task A_truncated_frame_says_how_much_was_missing()
    {
        PipeReader input = Ended(CodecCases.Write(Int32, new byte[100])[..54]);
        var e = await Assert.ThrowsAsync<ProtocolException>(async () => await input.ReadFrameAsync(Int32));
        Assert.Contains("50 more bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_codec_changes_in_mid_conversation_and_no_byte_is_lost()
    {
        // Everything arrives at once, and the pipe stays open: a reader that lost a byte would wait for ever.
        byte[] stream =
        [
            .. "HELLO\r\nBINARY\nOVER\n"u8,
            .. CodecCases.Write(Int32, CodecCases.Text("one"), CodecCases.Text("two")),
            .. CodecCases.Write(Framing.Varint(100), CodecCases.Text("three")),
            .. "four;"u8, .. "raw"u8,
        ];
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(stream);
        PipeReader input = pipe.Reader;
        var heard = new List<string>();

        await foreach (string line in input.ReadLinesAsync())
        {
            heard.Add(line);
            if (line == "BINARY")
            {
                heard.Add((await input.ReadLineAsync())!);   // inside the loop: lines take no more than they give
                break;
            }
        }

        await foreach (ReadOnlySequence<byte> frame in input.ReadFramesAsync(Int32))
        {
            heard.Add(Encoding.UTF8.GetString(frame));
            if (heard.Count == 5)
            {
                break;
            }
        }

        heard.Add(Encoding.UTF8.GetString((await input.ReadFrameAsync(Framing.Varint(100)))!));
        var destination = new ArrayBufferWriter<byte>();
        Assert.True(await input.ReadFrameAsync(Framing.Delimiter(";"u8, 10), destination));
        heard.Add(Encoding.UTF8.GetString(destination.WrittenSpan));
        heard.Add(Encoding.UTF8.GetString((await input.ReadFrameAsync(Framing.Raw(10)))!));
        Assert.Equal(["HELLO", "BINARY", "OVER", "one", "two", "three", "four", "raw"], heard);

        pipe.Writer.Complete();
        Assert.Null(await input.ReadLineAsync());
        Assert.False(await input.ReadFrameAsync(Int32, destination));
    }

    [Fact]
    public async Task Frames_that_arrived_together_cost_one_read()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(CodecCases.Write(Int32, Enumerable.Repeat(new byte[64], 16)));
        var input = new CountingReader(pipe.Reader);
        int count = 0;
        await foreach (ReadOnlySequence<byte> frame in input.ReadFramesAsync(Int32))
        {
            if (++count == 16)
            {
                break;
            }
        }

        Assert.Equal(1, input.Reads);
    }

    [Fact]
    public async Task Answers_to_frames_that_arrived_together_leave_together()
    {
        var output = new RecordingWriter();
        PipeReader input = Ended(CodecCases.Write(Int32, Enumerable.Repeat(new byte[64], 16)));
        await foreach (ReadOnlySequence<byte> frame in input.ReadFramesAsync(Int32, flushBeforeWait: output))
        {
            output.WriteFrame(Int32, frame);
        }

        await output.FlushAsync();
        Assert.Equal(16 * 68, output.Sends[0].Length);
    }

    [Fact]
    public async Task Answers_do_not_pile_up_beyond_a_bound_while_input_is_at_hand()
    {
        var output = new RecordingWriter();
        var answer = new byte[10_000];
        PipeReader input = Ended(CodecCases.Write(Int32, Enumerable.Repeat(Array.Empty<byte>(), 1000)));
        await foreach (ReadOnlySequence<byte> frame in input.ReadFramesAsync(Int32, flushBeforeWait: output))
        {
            output.WriteFrame(Int32, answer);
            Assert.True(output.UnflushedBytes <= (64 * 1024) + 10_004);
        }
    }

    [Fact]
    public async Task A_small_frame_leaves_in_one_send_with_its_head()
    {
        var output = new RecordingWriter();
        await output.WriteFrameAsync(Int32, CodecCases.Text("hi"));
        await output.WriteFrameAsync(Int32, Splitting.Sequence(CodecCases.Text("there"), 2));
        await output.WriteLineAsync("grüße", LineEnding.CrLf);
        Assert.Equal(
            ["020000006869", "050000007468657265", "6772C3BCC39F650D0A"], output.Sends.Select(Convert.ToHexString));
    }

    [Fact]
    public async Task A_large_frame_is_not_copied_but_for_its_first_block()
    {
        var output = new RecordingWriter();
        var frame = new byte[500_000];
        Random.Shared.NextBytes(frame);
        await output.WriteFrameAsync(Int32, frame);
        Assert.Equal(CodecCases.Write(Int32, frame), output.All);
        Assert.Equal(2, output.Sends.Count);
        Assert.True(frame.AsSpan().Overlaps(output.Lent.Single().Span));
        Assert.True(output.Sends[0].Length <= 4096);
    }

    [Fact]
    public async Task A_large_frame_with_an_end_mark_is_written_whole()
    {
        var output = new RecordingWriter();
        byte[] frame = CodecCases.Text(new string('x', 20_000));
        await output.WriteFrameAsync(Framing.Line(), frame);
        Assert.Equal([.. frame, (byte)'\n'], output.All);
    }

    [Fact]
    public async Task A_large_frame_that_is_refused_writes_nothing()
    {
        var output = new RecordingWriter();
        await Assert.ThrowsAsync<ProtocolException>(
            async () => await output.WriteFrameAsync(Framing.Line(), new byte[70_000]));
        await Assert.ThrowsAsync<ProtocolException>(
            async () => await output.WriteFrameAsync(Framing.Delimiter("\0"u8, 100_000), new byte[70_000]));
        Assert.Equal(0, output.UnflushedBytes);
        Assert.Empty(output.Sends);
    }

    [Fact]
    [SuppressMessage("Reliability", "CA2012", Justification = "Holding the task while it waits is the point.")]
    public void Waiting_for_frames_and_answering_them_allocates_nothing()
    {
        var pipe = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        byte[] stream = CodecCases.Write(Int32, new byte[64]);
        var answers = new Pipe(new PipeOptions(useSynchronizationContext: false));
        IAsyncEnumerator<ReadOnlySequence<byte>> frames = pipe.Reader.ReadFramesAsync(Int32).GetAsyncEnumerator();
        Assert.Equal(0, Allocations.Least(() => Converse(1_000)));

        void Converse(int rounds)
        {
            for (int round = 0; round < rounds; round++)
            {
                ValueTaskAwaiter<bool> next = frames.MoveNextAsync().GetAwaiter();
                Assert.False(next.IsCompleted);
                Send(stream.AsSpan(0, 7));   // the rest comes later, so the frame waits twice
                Assert.False(next.IsCompleted);
                Send(stream.AsSpan(7));
                Assert.True(next.GetResult());
                answers.Writer.WriteFrameAsync(Int32, frames.Current).GetAwaiter().GetResult();
                answers.Reader.TryRead(out ReadResult sent);
                answers.Reader.AdvanceTo(sent.Buffer.End);
            }
        }

        void Send(ReadOnlySpan<byte> bytes)
        {
            pipe.Writer.Write(bytes);
            Assert.True(pipe.Writer.FlushAsync().IsCompletedSuccessfully);
        }
    }

    [Fact]
    public async Task A_flood_of_empty_frames_is_walked_through_without_recursion()
    {
        int count = 0;
        await foreach (ReadOnlySequence<byte> _ in Ended(new byte[4_000_000]).ReadFramesAsync(Int32))
        {
            count++;
        }

        Assert.Equal(1_000_000, count);
    }

    [Fact]
    public async Task Lines_are_decoded_and_bounded()
    {
        Assert.Equal(["grüße", "", "中文"], await LinesAsync("grüße\r\n\n中文\n"));
        Assert.Equal(["\uFFFD"], await LinesAsync([0xFF, (byte)'\n']));

        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var bad = await Assert.ThrowsAsync<ProtocolException>(
            async () => await Ended([0xFF, (byte)'\n']).ReadLineAsync(encoding: strict));
        Assert.Equal(ProtocolError.BadText, bad.Reason);

        var tooLong = await Assert.ThrowsAsync<ProtocolException>(
            async () => await Ended(CodecCases.Text("12345\n")).ReadLineAsync(maxBytes: 4));
        Assert.Equal(ProtocolError.FrameTooLarge, tooLong.Reason);

        var cut = await Assert.ThrowsAsync<ProtocolException>(() => LinesAsync("one\ntw"));
        Assert.Equal(ProtocolError.TruncatedFrame, cut.Reason);
    }

    [Theory]
    [InlineData("two\nlines", ProtocolError.DelimiterInFrame)]
    [InlineData("end\r", ProtocolError.DelimiterInFrame)]
    [InlineData("half a pair: ?", ProtocolError.BadText)]
    public async Task A_text_that_is_not_one_line_is_not_written(string text, ProtocolError reason)
    {
        var output = new RecordingWriter();
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        text = text.Replace('?', '\ud800');   // an attribute cannot hold half a surrogate pair
        var e = await Assert.ThrowsAsync<ProtocolException>(
            async () => await output.WriteLineAsync(text, encoding: strict));
        Assert.Equal(reason, e.Reason);
        Assert.Equal(0, output.UnflushedBytes);
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_bytes_for_the_next_reader()
    {
        var pipe = new Pipe();
        byte[] stream = CodecCases.Write(Int32, CodecCases.Text("hi"));
        await pipe.Writer.WriteAsync(stream.AsMemory(0, 5));
        using var cancel = new CancellationTokenSource();
        ValueTask<byte[]?> waiting = pipe.Reader.ReadFrameAsync(Int32, cancel.Token);
        Assert.False(waiting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);

        ValueTask<byte[]?> again = pipe.Reader.ReadFrameAsync(Int32);
        pipe.Reader.CancelPendingRead();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await again);

        await pipe.Writer.WriteAsync(stream.AsMemory(5));
        Assert.Equal([0x68, 0x69], await pipe.Reader.ReadFrameAsync(Int32));
    }

    [Fact]
    public async Task Either_of_two_tokens_ends_the_wait()
    {
        foreach (int which in new[] { 0, 1 })
        {
            var pipe = new Pipe();
            CancellationTokenSource[] cancel = [new(), new()];
            Task reading = Task.Run(async () =>
            {
                await foreach (ReadOnlySequence<byte> _ in pipe.Reader
                    .ReadFramesAsync(Int32, cancellationToken: cancel[0].Token).WithCancellation(cancel[1].Token))
                {
                }
            }, TestContext.Current.CancellationToken);
            await cancel[which].CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }
    }

    private static Task<List<string>> LinesAsync(string text) => LinesAsync(CodecCases.Text(text));

    private static async Task<List<string>> LinesAsync(byte[] bytes)
    {
        var lines = new List<string>();
        await foreach (string line in Ended(bytes).ReadLinesAsync())
        {
            lines.Add(line);
        }

        return lines;
    }

    private static async Task<string[]> AllAsync(IAsyncEnumerable<ReadOnlySequence<byte>> frames)
    {
        var all = new List<string>();
        await foreach (ReadOnlySequence<byte> frame in frames)
        {
            all.Add(Convert.ToHexString(frame.ToArray()));
        }

        return [.. all];
    }

    /// <summary>A stream that holds these bytes and then ends.</summary>
    private static PipeReader Ended(byte[] bytes) => PipeReader.Create(new ReadOnlySequence<byte>(bytes));
}
