using System.Net;
using System.Runtime.InteropServices;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>Calls with connect(2), watched by one loop that all dialers of the process share.</summary>
internal sealed class EpollConnector : Connector
{
    private static readonly Lazy<EpollConnector> One = new(static () => new EpollConnector());

    /// <summary>How long to wait for room in the backlog of a Unix socket, which gives no sign when there is some.</summary>
    private static readonly TimeSpan BacklogPause = TimeSpan.FromMilliseconds(10);

    private readonly EpollEngine _engine = new(loops: 1, ReadyOn.Pool);

    public static EpollConnector Shared => One.Value;

    protected override async Task<Transport> ConnectIpAsync(
        IPEndPoint endPoint, Address address, DialOptions options, CancellationToken cancellationToken)
    {
        int descriptor = Open(PeerKey.From(endPoint).IsV6 ? AF_INET6 : AF_INET, SOCK_STREAM);
        try
        {
            if (options.SourceAddress is { } source && Name(descriptor, source, isPeer: false) is var failed and not 0)
                throw SourceErrorOf(address, source, failed);
            ConnectionOptions.Apply(descriptor, isTcp: true, options.Socket);
            int error = Name(descriptor, endPoint, isPeer: true);
            if (error == EINPROGRESS)
                error = await ConnectAttempt.WaitAsync(_engine.NextLoop(), descriptor, cancellationToken).ConfigureAwait(false);
            return error == 0 ? Make(descriptor, PeerKey.From(endPoint), keepsMessages: false, options) : throw ErrorOf(address, error, endPoint);
        }
        catch
        {
            _ = close(descriptor);
            throw;
        }
    }

    protected override async Task<Transport> ConnectUnixAsync(Address address, DialOptions options, CancellationToken cancellationToken)
    {
        bool keepsMessages = address.Scheme == AddressScheme.UnixSequenced;
        int descriptor = Open(AF_UNIX, keepsMessages ? SOCK_SEQPACKET : SOCK_STREAM);
        try
        {
            int error;
            while ((error = ConnectPath(descriptor, address.Path!)) == EAGAIN)
                await Task.Delay(BacklogPause, options.Time, cancellationToken).ConfigureAwait(false);
            if (error != 0)
                throw ErrorOf(address, error);
            ConnectionOptions.Apply(descriptor, isTcp: false, options.Socket);
            return Make(descriptor, PeerKey.None, keepsMessages, options);
        }
        catch
        {
            _ = close(descriptor);
            throw;
        }
    }

    protected override Transport Adopt(Address address, DialOptions options)
    {
        int type = TypeOfConnected(address);
        _ = fcntl(address.Descriptor, F_SETFD, FD_CLOEXEC);
        _ = fcntl(address.Descriptor, F_SETFL, fcntl(address.Descriptor, F_GETFL, 0) | O_NONBLOCK);
        return Make(address.Descriptor, PeerKey.From(UnixSockets.GetName(address.Descriptor, peer: true)), type == SOCK_SEQPACKET, options);
    }

    private static int Open(int family, int type)
    {
        int descriptor = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return descriptor >= 0 ? descriptor : throw Error(Marshal.GetLastPInvokeError());
    }

    /// <summary>Binds or connects to an IP address: the error number, or 0.</summary>
    private static unsafe int Name(int descriptor, IPEndPoint endPoint, bool isPeer)
    {
        SocketAddress serialized = endPoint.Serialize();
        fixed (byte* name = serialized.Buffer.Span)
        {
            int result = isPeer ? connect(descriptor, name, serialized.Size) : bind(descriptor, name, serialized.Size);
            return result == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    private static unsafe int ConnectPath(int descriptor, string path)
    {
        byte* name = stackalloc byte[UnixSockets.MaxNameBytes];
        int length = UnixSockets.WriteName(path, new Span<byte>(name, UnixSockets.MaxNameBytes));
        return connect(descriptor, name, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private DescriptorTransport Make(int descriptor, PeerKey peer, bool keepsMessages, DialOptions options)
    {
        if (!options.Blocking)
            return new EpollTransport(_engine.NextLoop(), descriptor, peer, keepsMessages);
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) & ~O_NONBLOCK);
        return new BlockingTransport(descriptor, peer, keepsMessages);
    }
}
