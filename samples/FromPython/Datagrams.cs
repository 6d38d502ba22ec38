using System.Net;
using Dialtone;

namespace FromPython;

public static class Datagrams
{
    public static Server Serve(ServerOptions options)
    {
        #region UDPServer(handler)
        var server = new Server(options).HandleDatagrams<UpperDatagram>();
        #endregion
        return server;
    }

    public static (ReadOnlyMemory<byte> Bytes, EndPoint? Sender) ReceiveFrom(Datagram datagram)
    {
        #region recvfrom
        ReadOnlyMemory<byte> bytes = datagram.Payload;
        EndPoint? sender = datagram.From;
        #endregion
        return (bytes, sender);
    }

    public static async Task SendTo(Datagram datagram, byte[] bytes)
    {
        #region sendto
        await datagram.ReplyAsync(bytes);
        #endregion
    }

    public static async Task<byte[]> Ask(Address address, byte[] question, CancellationToken timeout)
    {
        #region s.connect
        using DatagramClient client = await DatagramClient.ConnectAsync(address, timeout);
        #endregion
        #region s.sendto
        await client.SendAsync(question, timeout);
        #endregion
        #region s.recvfrom
        ReadOnlyMemory<byte> answer = await client.ReceiveAsync(timeout);
        #endregion
        return answer.ToArray();
    }
}

#region DatagramRequestHandler
public sealed class UpperDatagram : DatagramRequestHandler
#endregion
{
    protected override async ValueTask HandleAsync()
    {
        byte[] bytes = Datagrams.ReceiveFrom(Datagram).Bytes.ToArray();
        foreach (ref byte each in bytes.AsSpan())
            each = each is >= (byte)'a' and <= (byte)'z' ? (byte)(each - 32) : each;
        await Datagrams.SendTo(Datagram, bytes);
    }
}
