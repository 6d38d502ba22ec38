using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>The calling side of a datagram address: sends to one server and hears only from it.</summary>
/// <remarks>One receive at a time; it may overlap sends. Datagrams may be lost, doubled or reordered on their way, except over Unix sockets.</remarks>
public sealed class DatagramClient : IDisposable
{
    /// <summary>One byte more than the longest datagram a server takes, to tell one that was cut.</summary>
    private const int BufferBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly string? _replyPath;
    private byte[]? _buffer; // made by the first receive

    private DatagramClient(Address address, Socket socket, EndPoint remote, string? replyPath)
    {
        Address = address;
        RemoteEndPoint = remote;
        _socket = socket;
        _replyPath = replyPath;
    }

    /// <summary>The address that was called.</summary>
    public Address Address { get; }

    /// <summary>The server's address.</summary>
    public EndPoint RemoteEndPoint { get; }

    /// <summary>The address that answers come to.</summary>
    public EndPoint? LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>Whether the datagram received last was longer than 65,535 bytes (which only Unix sockets can carry): the rest is lost.</summary>
    public bool Truncated { get; private set; }

    /// <summary>
    /// Makes a socket that talks to <c>udp://</c> or <c>unixgram://</c>. Nothing is sent, so that a UDP server need not be there. A Unix client
    /// binds a path of its own in the folder for temporary files, which only the same user (and root) can answer to, and removes it when disposed.
    /// </summary>
    /// <exception cref="ArgumentException">It is another kind of address.</exception>
    /// <exception cref="TransportException">The host is not known, or nobody listens at the path.</exception>
    public static async Task<DatagramClient> ConnectAsync(Address address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsDatagram)
            throw new ArgumentException($"{address} is not a datagram address; write udp://host:port or unixgram:///path.", nameof(address));
        EndPoint remote = address.Scheme == AddressScheme.Udp
            ? await ResolveAsync(address, cancellationToken).ConfigureAwait(false)
            : new UnixDomainSocketEndPoint(PathOf(address));
        var socket = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Unspecified);
        string? replyPath = null;
        try
        {
            if (remote is UnixDomainSocketEndPoint)
            {
                string path = Path.Combine(Path.GetTempPath(), $"dialtone-{Guid.NewGuid():N}.sock");
                socket.Bind(new UnixDomainSocketEndPoint(path));
                replyPath = path;
            }

            await socket.ConnectAsync(remote, cancellationToken).ConfigureAwait(false);
            socket.Blocking = false; // for TrySend; the others wait by themselves
            return new DatagramClient(address, socket, remote, replyPath);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (replyPath is not null)
                File.Delete(replyPath);
            if (e is SocketException error)
                throw ToException(address, error);
            throw;
        }
    }

    /// <summary>Sends one datagram; an empty one is a message like any other.</summary>
    /// <exception cref="TransportException">It is too long, or an earlier one was refused: nobody listens there.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        try
        {
            await _socket.SendAsync(payload, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw ToException(Address, e);
        }
    }

    /// <summary>Sends one datagram without waiting.</summary>
    /// <returns>False when it could not leave: the queue is full, or an earlier one was refused. A datagram that may be lost is no worse off.</returns>
    /// <exception cref="TransportException">It is too long.</exception>
    public bool TrySend(ReadOnlySpan<byte> payload)
    {
        _socket.Send(payload, SocketFlags.None, out SocketError error);
        return error != SocketError.MessageSize ? error == SocketError.Success : throw ToException(Address, new SocketException((int)error));
    }

    /// <summary>Waits for a datagram from the server; give a token with a time limit, since it may never come.</summary>
    /// <returns>The payload, lent until the next receive.</returns>
    /// <exception cref="TransportException">An earlier datagram was refused: nobody listens there.</exception>
    /// <exception cref="OperationCanceledException">The token fired; the client stays usable.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        _buffer ??= GC.AllocateUninitializedArray<byte>(BufferBytes);
        try
        {
            int count = await _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            Truncated = count == BufferBytes;
            return _buffer.AsMemory(0, Math.Min(count, BufferBytes - 1));
        }
        catch (SocketException e)
        {
            throw ToException(Address, e);
        }
    }

    /// <summary>Closes the socket and removes its reply path.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        if (_replyPath is not null)
            File.Delete(_replyPath);
    }

    private static async ValueTask<EndPoint> ResolveAsync(Address address, CancellationToken cancellationToken)
    {
        if (address.Host == "*")
            return new IPEndPoint(IPAddress.Loopback, address.Port);
        if (IPAddress.TryParse(address.Host, out IPAddress? ip))
            return new IPEndPoint(ip, address.Port);
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(address.Host!, cancellationToken).ConfigureAwait(false);
            if (found is [var first, ..])
                return new IPEndPoint(first, address.Port);
        }
        catch (SocketException e)
        {
            throw new TransportException(TransportError.HostNotFound, $"The host {address.Host} is not known: {e.Message}.", e);
        }

        throw new TransportException(TransportError.HostNotFound, $"The host {address.Host} has no address.");
    }

    private static string PathOf(Address address) => address.Path!.StartsWith('@') ? $"\0{address.Path[1..]}" : address.Path;

    private static TransportException ToException(Address address, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused or SocketError.ConnectionReset =>
            new TransportException(TransportError.Refused, $"Nobody listens at {address}.", error),
        SocketError.AddressNotAvailable when address.Path is not null =>
            new TransportException(TransportError.Refused, $"There is no socket at {address}.", error),
        SocketError.MessageSize => new TransportException(TransportError.MessageTooLarge, $"The datagram is longer than {address} can carry.", error),
        _ => new TransportException(TransportError.Other, $"{address} cannot be reached: {error.Message}.", error),
    };
}
