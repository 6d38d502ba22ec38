using System.Net;
using Dialtone;

namespace FromPython;

public static class Clients
{
    public static async Task<Connection> Connect(Address address)
    {
        #region connect
        Connection connection = await Dialer.ConnectAsync(address);
        #endregion
        return connection;
    }

    public static async Task<int> ConnectEx(Address address)
    {
        #region connect_ex
        int error = (await Dialer.TryConnectAsync(address)).ErrorCode;
        #endregion
        return error;
    }

    public static async Task<Connection> CreateConnection(Address address, IPEndPoint source)
    {
        #region create_connection
        var options = new DialOptions { Timeout = TimeSpan.FromSeconds(3), SourceAddress = source };
        Connection connection = await Dialer.ConnectAsync(address, options);
        #endregion
        return connection;
    }

    public static async Task<(Connection One, Connection Other)> SocketPair(ICollection<IAsyncDisposable> cleanUp)
    {
        #region socketpair
        ConnectedPair pair = await ConnectedPair.CreateAsync();
        (Connection one, Connection other) = (pair.Client, pair.Server);
        #endregion
        cleanUp.Add(pair);
        return (one, other);
    }
}
