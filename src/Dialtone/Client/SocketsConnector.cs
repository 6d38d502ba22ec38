using System.Net;
using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>Calls through System.Net.Sockets.</summary>
internal sealed class SocketsConnector : Connector
{
    protected override Task<Transport> ConnectIpAsync(IPEndPoint endPoint, Address address, DialOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        return ConnectAsync(socket, endPoint, address, options, cancellationToken);
    }

    protected override Task<Transport> ConnectUnixAsync(Address address, DialOptions options, CancellationToken cancellationToken)
    {
        SocketType type = address.Scheme == AddressScheme.UnixSequenced ? SocketType.Seqpacket : SocketType.Stream;
        var socket = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        string path = address.Path!.StartsWith('@') ? "\0" + address.Path[1..] : address.Path;
        return ConnectAsync(socket, new UnixDomainSocketEndPoint(path), address, options, cancellationToken);
    }

    private static async Task<Transport> ConnectAsync(
        Socket socket, EndPoint endPoint, Address address, DialOptions options, CancellationToken cancellationToken)
    {
        IPEndPoint? source = endPoint is IPEndPoint ? options.SourceAddress : null;
        try
        {
            if (source is not null)
                socket.Bind(source);
            source = null;
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            ConnectionOptions.Apply(socket, options.Socket);
            return new SocketTransport(socket, options.Blocking);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw ErrorOf(address, e, endPoint, source);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    protected override Transport Adopt(Address address, DialOptions options)
    {
        _ = TypeOfConnected(address);
        return new SocketTransport(new Socket(new SafeSocketHandle(address.Descriptor, ownsHandle: true)), options.Blocking);
    }
}
