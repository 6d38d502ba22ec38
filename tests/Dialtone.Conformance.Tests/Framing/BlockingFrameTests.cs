namespace Dialtone.Conformance.Tests;

/// <summary>Lines and frames for handlers that block.</summary>
public sealed class BlockingFrameTests
{
    private static readonly FrameCodec Codec = Dialtone.Framing.Int32Prefix(100_000);

    public static readonly TheoryData<EngineKind, string> Cases = new(
        from engine in Engines.All
        from policy in new[] { "sequential", "task", "thread:8", "pool:4:8" }
        select (engine.Data, policy + Matrix.Blocking));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_blocking_handler_reads_and_writes_lines_then_frames(EngineKind engine, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, server => server.HandleBlocking(Serve));
        using Caller caller = await rig.CallAsync();
        Assert.Equal("HELLO\r\n", await AskAsync(caller, "hello\r\n", 7));
        await caller.SendAsync("sti");
        await caller.SendAsync("cky\nlines\nframes\n\u0003\0\0\0abc\0\0\0\0");
        Assert.Equal("STICKY\r\nLINES\r\n\u0003\0\0\0abc\0\0\0\0", await caller.ReceiveAsync(26));
        string large = "\u0050\u0046\u0001\0" + new string('x', 0x14650);
        Assert.Equal(large, await caller.AskAsync(large));
        caller.FinishSending();
        Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_blocking_handler_is_told_of_a_line_without_its_end(EngineKind engine, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, server => server.HandleBlocking(Serve));
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("half a li");
        caller.FinishSending();
        Assert.Equal(CloseReason.ProtocolError, await rig.NextEndingAsync());
    }

    private static void Serve(Connection call)
    {
        while (call.ReadLine() is { } line && line != "frames")
            call.WriteLine(line.ToUpperInvariant(), LineEnding.CrLf);
        while (call.ReadFrame(Codec) is { } frame)
            call.SendFrame(Codec, frame);
    }

    private static async Task<string> AskAsync(Caller caller, string question, int count)
    {
        await caller.SendAsync(question);
        return await caller.ReceiveAsync(count);
    }
}
