using System.Buffers;
using System.Text;

namespace Dialtone.Conformance.Tests;

/// <summary>Frames over every transport, on the loop, on the pool and on a thread that blocks.</summary>
public sealed class FrameTests
{
    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly FrameCodec Codec = Dialtone.Framing.Int32Prefix(MaxBytes);

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task Pipelined_frames_are_answered_in_their_order(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, EchoAsync);
        using Caller caller = await rig.CallAsync();
        byte[] frames = Frames(Enumerable.Range(0, 2000).Select(i => i * 7 % 300));
        Task sending = caller.SendAsync(frames);
        Assert.Equal(frames, await ReceiveAsync(caller, frames.Length));
        await sending;
    }

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task Frames_mean_the_same_however_they_are_cut(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, EchoAsync);
        using Caller caller = await rig.CallAsync();
        byte[] frames = Frames([5, 0, 1, 70, 0, 9]);
        foreach (int piece in new[] { 1, 3, 7, 64, frames.Length })
        {
            foreach (byte[] part in frames.Chunk(piece))
                await caller.SendAsync(part);
            Assert.Equal(frames, await ReceiveAsync(caller, frames.Length));
        }
    }

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task Large_frames_stand_among_small_ones(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, EchoAsync);
        using Caller caller = await rig.CallAsync();
        byte[] frames = Frames([3, 1_000_000, 0, 70_000, MaxBytes, 1]);
        Task sending = Task.Run(async () =>
        {
            foreach (byte[] part in frames.Chunk(60_000))
                await caller.SendAsync(part);
        });
        Assert.Equal(frames, await ReceiveAsync(caller, frames.Length));
        await sending;
    }

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task A_codec_changes_in_mid_conversation_and_no_byte_is_lost(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async call =>
        {
            string? greeting = await call.ReadLineAsync();
            await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(Codec))
            {
                if (frame.IsEmpty)
                    break;
                greeting += Encoding.ASCII.GetString(frame);
            }

            var four = await call.ReadFrameAsync(Dialtone.Framing.FixedLength(4));
            await foreach (string line in call.ReadLinesAsync())
                greeting += line;
            await call.WriteLineAsync(greeting + Encoding.ASCII.GetString(four!));
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("one \n\u0004\0\0\0two \u0006\0\0\0three \0\0\0\0fourlines\r\nagain\n");
        caller.FinishSending();
        Assert.Equal("one two three linesagainfour\n", await caller.ReceiveAsync(29));
    }

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task Answers_to_frames_that_came_together_leave_together(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, EchoAsync);
        using Caller caller = await rig.CallAsync();
        byte[] frames = Frames(Enumerable.Repeat(20, 40));
        await caller.SendAsync(frames);
        var received = new byte[2 * frames.Length];
        Assert.Equal(frames.Length, await caller.ReceiveOnceAsync(received));
    }

    [Theory]
    [MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task An_end_inside_a_frame_is_the_peers_fault_and_one_between_frames_is_none(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, EchoAsync);
        byte[] frame = Frames([10]);
        using (Caller caller = await rig.CallAsync())
        {
            await caller.SendAsync(frame);
            await caller.SendAsync(frame.AsMemory(0, 9));
            Assert.Equal(frame, await ReceiveAsync(caller, frame.Length));
            caller.FinishSending();
            Assert.Equal(CloseReason.ProtocolError, await rig.NextEndingAsync());
        }

        using (Caller caller = await rig.CallAsync())
        {
            await caller.SendAsync(frame);
            Assert.Equal(frame, await ReceiveAsync(caller, frame.Length));
            caller.FinishSending();
            Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
        }
    }

    private static async Task EchoAsync(Connection call)
    {
        await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(Codec, flushBeforeWait: true))
            call.WriteFrame(Codec, frame);
    }

    private static byte[] Frames(IEnumerable<int> lengths)
    {
        var written = new ArrayBufferWriter<byte>();
        foreach (int length in lengths)
            Codec.Write(written, Enumerable.Range(length, length).Select(i => (byte)(i % 253)).ToArray());
        return written.WrittenSpan.ToArray();
    }

    private static async Task<byte[]> ReceiveAsync(Caller caller, int count)
    {
        var bytes = new byte[count];
        for (int got = 0, more; got < count; got += more)
        {
            more = await caller.ReceiveOnceAsync(bytes.AsMemory(got));
            Assert.NotEqual(0, more);
        }

        return bytes;
    }
}
