using System.Text;

namespace Dialtone.Commands;

/// <summary>Puts a <see cref="CommandService"/> behind a <see cref="Server"/>, in one of its tongues.</summary>
public static class CommandServer
{
    /// <summary>The port of remote commands where none is given.</summary>
    public const int DefaultPort = 7071;

    /// <summary>Serves the native protocol, which <see cref="CommandClient"/> speaks.</summary>
    /// <param name="server">Not started yet.</param>
    /// <param name="service">What runs the commands.</param>
    /// <param name="flows">
    /// Lets callers go on over the server's <c>udp:</c> address, once they have been let in over TLS, or a connection that stays on this machine. Default not.
    /// </param>
    public static Server HandleCommands(this Server server, CommandService service, CommandFlows? flows = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(service);
        if (flows is not null)
            server.HandleDatagrams(flows.ReceiveAsync, whileDraining: true);
        return server.Handle(new NativeTongue(service, flows, () => server.Addresses.FirstOrDefault(address => address.Scheme == AddressScheme.Udp)?.Port).RunAsync);
    }

    /// <summary>Serves the tutorials' clients over connections.</summary>
    /// <param name="server">Not started yet.</param>
    /// <param name="service">What runs the commands.</param>
    /// <param name="framing">How replies are told apart.</param>
    /// <param name="encoding">What replies are turned into from UTF-8, such as GBK. Default UTF-8, with bytes left as they are.</param>
    public static Server HandleTutorialCommands(this Server server, CommandService service, TutorialFraming framing, Encoding? encoding = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(service);
        return server.Handle(new TutorialTongue(service, framing, encoding).RunAsync);
    }

    /// <summary>Serves the tutorials' clients over datagrams: one command in, one reply out, of at most 65,507 bytes.</summary>
    /// <param name="server">Not started yet.</param>
    /// <param name="service">What runs the commands.</param>
    /// <param name="encoding">What replies are turned into from UTF-8, such as GBK. Default UTF-8, with bytes left as they are.</param>
    public static Server HandleCommandDatagrams(this Server server, CommandService service, Encoding? encoding = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(service);
        return server.HandleDatagrams(new DatagramTongue(service, encoding).ReplyAsync);
    }
}
