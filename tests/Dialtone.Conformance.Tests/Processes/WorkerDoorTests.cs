using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>The HMAC challenge where the worker asks and the parent remembers who failed.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerDoorTests
{
    [Fact]
    public async Task A_worker_lets_in_the_right_key_and_the_parent_keeps_out_who_failed()
    {
        await using Server server = await WorkerProgram.StartAsync("hmac", new ServerOptions
        {
            Penalties = new PenaltyOptions { AuthenticationFailed = TimeSpan.FromMinutes(5) }, // one failure is enough, however long it takes
        });
        using (NetworkStream right = Dial(server, "127.0.0.1"))
        {
            right.Write(HMACSHA256.HashData("door key"u8, Read(right, 32)));
            right.Write("hello"u8);
            Assert.Equal("hello"u8.ToArray(), Read(right, 5));
        }

        var bad = IPAddress.Parse("127.0.0.2");
        using (NetworkStream wrong = Dial(server, "127.0.0.2"))
        {
            wrong.Write(HMACSHA256.HashData("another key"u8, Read(wrong, 32)));
            Assert.Equal(-1, wrong.ReadByte());
        }

        await WorkerProgram.UntilAsync(() => server.Penalties.IsRefused(bad), "the parent has heard of the failures");
        Assert.False(server.Penalties.IsRefused(IPAddress.Loopback));
    }

    private static NetworkStream Dial(Server server, string from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)WorkerProgram.Patience.TotalMilliseconds,
        };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        socket.Connect(new IPEndPoint(IPAddress.Loopback, server.Addresses[0].Port));
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static byte[] Read(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
