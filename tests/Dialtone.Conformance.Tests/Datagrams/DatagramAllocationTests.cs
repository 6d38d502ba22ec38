using System.Net.Sockets;

namespace Dialtone.Conformance.Datagrams;

/// <summary>A gate that does not depend on the machine's mood: an inline echo allocates nothing per datagram.</summary>
[Collection(nameof(Alone))]
public sealed class DatagramAllocationTests
{
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    private const int Warm = 2_000;
    private const int Measured = 5_000;

    [Theory, InlineData("epoll"), InlineData("sockets")]
    public async Task An_inline_echo_allocates_nothing_per_datagram(string engine)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "counted on Linux");
        long allocatedByLoop = 0;
        int seen = 0;
        await using var server = new Server(DatagramCase.Options(engine, "inline")).HandleDatagrams(datagram =>
        {
            // The handler runs on the receive loop's thread, whose own allocations are all that count here.
            seen++;
            if (seen is Warm or Warm + Measured)
                allocatedByLoop = GC.GetAllocatedBytesForCurrentThread() - allocatedByLoop;
            datagram.Reply(datagram.Payload.Span);
            return default;
        });
        await server.StartAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
        socket.Connect("127.0.0.1", server.Addresses[0].Port);
        var buffer = new byte[64];
        for (int i = 0; i < Warm + Measured; i++)
        {
            socket.Send(buffer);
            Assert.Equal(64, socket.Receive(buffer));
        }

        Assert.Equal(Warm + Measured, seen);
        // Nothing per datagram; the runtime may make an object or two of its own in so long a time.
        Assert.InRange(allocatedByLoop, 0, Measured / 10);
    }
}
