using System.Net;
using Dialtone;

namespace FromPython;

// The regions of this project are the snippets of docs/from-python.md; tests run them and compare the text.
public static class Addresses
{
    public static Address[] Families() =>
    [
        #region AF_INET
        "tcp://127.0.0.1:9000",
        #endregion
        #region AF_INET6
        "tcp://[::1]:9000",
        #endregion
        #region AF_UNIX
        "unix:///run/app.sock",
        #endregion
        #region SOCK_DGRAM
        "udp://127.0.0.1:9000",
        "unixgram:///run/app.sock",
        #endregion
        #region SOCK_SEQPACKET
        "unixseq:///run/app.sock",
        #endregion
    ];

    public static async Task<IPAddress[]> GetAddrInfo()
    {
        #region getaddrinfo
        IPAddress[] addresses = await Dns.GetHostAddressesAsync("localhost");
        #endregion
        return addresses;
    }

    public static string GetHostName()
    {
        #region gethostname
        string name = Dns.GetHostName();
        #endregion
        return name;
    }
}
