using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>In steady state a frame costs no memory. This does not depend on the machine's mood, so it is a gate.</summary>
[Collection(Alone.Name)]
public sealed class FrameAllocationTests
{
    private const int Batches = 1500;
    private const int InFlight = 16;

    /// <summary>What the runtime itself may take meanwhile; a single object per frame would be some thirty times as much.</summary>
    private const long Unrelated = 16 * 1024;

    private static readonly FrameCodec Codec = Dialtone.Framing.Int32Prefix(1024);

    [Theory]
    [InlineData(EngineKind.Epoll, "inline")]
    [InlineData(EngineKind.Epoll, "task")]
    [InlineData(EngineKind.Epoll, "thread:8")]
    [InlineData(EngineKind.Sockets, "inline")]
    [InlineData(EngineKind.Sockets, "thread:8")]
    public async Task An_echoed_frame_allocates_nothing(EngineKind engine, string policy)
    {
        Assert.True(Concurrency.TryParse(policy, out Concurrency? concurrency));
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tcp://127.0.0.1:0"], Engine = engine, Concurrency = concurrency, Loops = 1,
        }).Handle(EchoAsync);
        await server.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, server.Addresses[0].Port); // after ConnectAsync each blocking call would allocate
        long least = await Task.Factory.StartNew(
            () =>
            {
                var frames = new ArrayBufferWriter<byte>();
                for (int i = 0; i < InFlight; i++)
                    Codec.Write(frames, new byte[64]);
                byte[] batch = frames.WrittenSpan.ToArray();
                var answers = new byte[batch.Length];
                Exchange(socket, batch, answers); // until everything has its size and its final code
                long least = long.MaxValue;
                for (int attempt = 0; attempt < 5 && least > Unrelated; attempt++)
                {
                    long before = GC.GetTotalAllocatedBytes(precise: true);
                    Exchange(socket, batch, answers);
                    least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
                }

                return least;
            },
            TaskCreationOptions.LongRunning);
        Assert.True(least <= Unrelated, $"{least} bytes for {Batches * InFlight} frames");
    }

    private static void Exchange(Socket socket, byte[] batch, byte[] answers)
    {
        for (int i = 0; i < Batches; i++)
        {
            socket.Send(batch.AsSpan());
            for (int got = 0; got < batch.Length;)
                got += socket.Receive(answers.AsSpan(got));
        }
    }

    private static async Task EchoAsync(Connection call)
    {
        await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(Codec, flushBeforeWait: true))
            call.WriteFrame(Codec, frame);
    }
}
