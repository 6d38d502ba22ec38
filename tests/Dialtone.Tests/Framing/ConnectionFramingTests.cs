using System.Buffers;
using System.Text;

namespace Dialtone.Tests;

public sealed class ConnectionFramingTests
{
    private static readonly FrameCodec Int32 = Framing.Int32Prefix(1 << 20);

    [Fact]
    public async Task The_hello_world_of_the_readme_answers_every_line_in_upper_case()
    {
        await using var pair = new MemoryPair();
        Task serving = ServeAsync(pair.Here);
        await pair.There.WriteLineAsync("hello");
        Assert.Equal("HELLO", await pair.There.ReadLineAsync());
        await pair.There.WriteLineAsync("grüße");
        Assert.Equal("GRÜßE", await pair.There.ReadLineAsync());
        await pair.There.FinishSendingAsync();
        await serving;

        static async Task ServeAsync(Connection call)
        {
            await foreach (string line in call.ReadLinesAsync())
            {
                await call.WriteLineAsync(line.ToUpperInvariant());
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_go_both_ways(bool together)
    {
        await using var pair = new MemoryPair();
        Task serving = ServeAsync(pair.Here);
        var random = new Random(1);
        for (int round = 0; round < 50; round++)
        {
            byte[][] frames = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => new byte[random.Next(2000)])];
            foreach (byte[] frame in frames)
            {
                random.NextBytes(frame);
                pair.There.WriteFrame(Int32, frame);
            }

            await pair.There.Output.FlushAsync();
            foreach (byte[] frame in frames)
            {
                Assert.Equal(frame, await pair.There.ReadFrameAsync(Int32));
            }
        }

        await pair.There.FinishSendingAsync();
        await serving;

        async Task ServeAsync(Connection call)
        {
            await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(Int32, flushBeforeWait: together))
            {
                if (together)
                {
                    call.WriteFrame(Int32, frame);
                }
                else
                {
                    await call.WriteFrameAsync(Int32, frame);
                }
            }
        }
    }

    [Fact]
    public async Task A_frame_of_a_mebibyte_arrives_whole()
    {
        await using var pair = new MemoryPair();
        var frame = new byte[1 << 20];
        Random.Shared.NextBytes(frame);
        Task sending = pair.There.WriteFrameAsync(Int32, frame).AsTask();
        byte[]? arrived = await pair.Here.ReadFrameAsync(Int32);
        await sending;
        Assert.True(frame.AsSpan().SequenceEqual(arrived));
    }

    [Fact]
    public async Task A_peer_that_leaves_inside_a_frame_is_not_taken_for_one_that_said_goodbye()
    {
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(CodecCases.Write(Int32, CodecCases.Text("hello")).AsMemory(0, 6));
        await pair.There.FinishSendingAsync();
        var e = await Assert.ThrowsAsync<ProtocolException>(async () => await pair.Here.ReadFrameAsync(Int32));
        Assert.Equal(ProtocolError.TruncatedFrame, e.Reason);
        Assert.Contains("3 more bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_resets_inside_a_frame_is_a_broken_connection()
    {
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(new byte[] { 9, 0, 0, 0, 1 });
        ValueTask<byte[]?> reading = pair.Here.ReadFrameAsync(Int32);
        pair.There.Abort();
        var e = await Assert.ThrowsAsync<TransportException>(async () => await reading);
        Assert.Equal(TransportError.PeerReset, e.Reason);
    }

    [Fact]
    public async Task Buffered_bytes_survive_a_change_of_codec_and_a_receive_of_the_callers_own()
    {
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(
            (byte[])[.. "UPGRADE\n"u8, .. CodecCases.Write(Int32, CodecCases.Text("one")), .. "rest"u8]);
        await foreach (string line in pair.Here.ReadLinesAsync())
        {
            Assert.Equal("UPGRADE", line);
            break;
        }

        await foreach (ReadOnlySequence<byte> frame in pair.Here.ReadFramesAsync(Int32))
        {
            Assert.Equal("one", Encoding.UTF8.GetString(frame));
            break;
        }

        var rest = new byte[10];
        Assert.Equal(4, await pair.Here.ReceiveAsync(rest));
        Assert.Equal("rest"u8, rest.AsSpan(0, 4));
    }

    [Fact]
    public async Task Content_waits_for_its_acknowledgement()
    {
        AcknowledgedLength codec = Framing.AcknowledgedLength(1000);
        await using var pair = new MemoryPair();
        Task<bool> sending = pair.Here.WriteAcknowledgedAsync(codec, CodecCases.Text("twelve bytes")).AsTask();
        var buffer = new byte[100];
        Assert.Equal(2, await pair.There.ReceiveAsync(buffer));
        Assert.Equal("12"u8, buffer.AsSpan(0, 2));
        Assert.False(sending.IsCompleted);

        // As a tutorial's client may: the acknowledgement in two parts, and the next request right behind it.
        await pair.There.SendAsync("recv_"u8.ToArray());
        await pair.There.SendAsync("readyls"u8.ToArray());
        Assert.True(await sending);
        Assert.Equal(12, await pair.There.ReceiveAsync(buffer));
        Assert.Equal("ls"u8.ToArray(), await pair.Here.ReadFrameAsync(Framing.Raw(1024)));
    }

    [Fact]
    public async Task Empty_content_waits_for_nothing()
    {
        AcknowledgedLength codec = Framing.AcknowledgedLength(1000);
        await using var pair = new MemoryPair();
        Assert.False(await pair.Here.WriteAcknowledgedAsync(codec, default));
        Assert.Empty((await pair.There.ReadAcknowledgedAsync(codec))!);
        Assert.Equal("recv_ready"u8.ToArray(), await pair.Here.ReadFrameAsync(Framing.Raw(1024)));
    }

    [Fact]
    public async Task An_acknowledged_message_arrives_and_a_finished_peer_is_null()
    {
        AcknowledgedLength codec = Framing.AcknowledgedLength(100_000);
        await using var pair = new MemoryPair();
        var content = new byte[100_000];
        Random.Shared.NextBytes(content);
        Task<bool> sending = pair.Here.WriteAcknowledgedAsync(codec, content).AsTask();
        Assert.Equal(content, await pair.There.ReadAcknowledgedAsync(codec));
        await sending;
        await pair.Here.FinishSendingAsync();
        Assert.Null(await pair.There.ReadAcknowledgedAsync(codec));
    }

    [Fact]
    public async Task A_large_length_alone_takes_no_memory()
    {
        AcknowledgedLength codec = Framing.AcknowledgedLength(int.MaxValue);
        await using var pair = new MemoryPair();
        await pair.Here.SendAsync("1000000000"u8.ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Task<byte[]?> reading = pair.There.ReadAcknowledgedAsync(codec).AsTask();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.False(reading.IsCompleted);
        await pair.Here.ReadFrameAsync(Framing.FixedLength(10));
        await pair.Here.FinishSendingAsync();
        Assert.Equal(ProtocolError.TruncatedFrame, (await Assert.ThrowsAsync<ProtocolException>(() => reading)).Reason);
    }

    [Theory]
    [InlineData("no", ProtocolError.BadAcknowledgement)]
    [InlineData("recv", ProtocolError.TruncatedFrame)]
    [InlineData("", ProtocolError.TruncatedFrame)]
    public async Task Content_is_not_sent_without_an_acknowledgement(string answer, ProtocolError reason)
    {
        AcknowledgedLength codec = Framing.AcknowledgedLength(1000);
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(CodecCases.Text(answer));
        await pair.There.FinishSendingAsync();
        var e = await Assert.ThrowsAsync<ProtocolException>(
            async () => await pair.Here.WriteAcknowledgedAsync(codec, new byte[10]));
        Assert.Equal(reason, e.Reason);
    }
}
