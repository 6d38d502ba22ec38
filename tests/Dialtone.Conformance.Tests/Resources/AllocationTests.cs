using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>In steady state a message costs no memory. This does not depend on the machine's mood, so it is a gate.</summary>
[Collection(Alone.Name)]
public sealed class AllocationTests
{
    private const int Messages = 20_000;

    /// <summary>What the runtime itself may take meanwhile; a single object per message would be some forty times as much.</summary>
    private const long Unrelated = 16 * 1024;

    [Theory]
    [InlineData(EngineKind.Epoll, "inline")]
    [InlineData(EngineKind.Epoll, "task")]
    [InlineData(EngineKind.Epoll, "thread:8")]
    [InlineData(EngineKind.Sockets, "inline")]
    [InlineData(EngineKind.Sockets, "thread:8")]
    public async Task An_echoed_message_allocates_nothing(EngineKind engine, string policy)
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
                var buffer = new byte[64];
                Exchange(socket, buffer, Messages); // until everything has its size and its final code
                long least = long.MaxValue;
                for (int attempt = 0; attempt < 5 && least > Unrelated; attempt++)
                {
                    long before = GC.GetTotalAllocatedBytes(precise: true);
                    Exchange(socket, buffer, Messages);
                    least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
                }

                return least;
            },
            TaskCreationOptions.LongRunning);
        Assert.True(least <= Unrelated, $"{least} bytes for {Messages} messages");
    }

    private static void Exchange(Socket socket, byte[] buffer, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            socket.Send(buffer.AsSpan());
            for (int got = 0; got < buffer.Length;)
                got += socket.Receive(buffer.AsSpan(got));
        }
    }

    private static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            System.IO.Pipelines.ReadResult read = await connection.Input.ReadAsync();
            if (read.Buffer.IsSingleSegment)
            {
                await connection.SendAsync(read.Buffer.First);
            }
            else
            {
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    await connection.SendAsync(part);
            }

            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
