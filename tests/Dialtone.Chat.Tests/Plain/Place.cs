using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Chat.Tests;

/// <summary>A served chat for one test.</summary>
internal sealed class Place : IAsyncDisposable
{
    private Place(Server server, ChatHub hub) => (Server, Hub) = (server, hub);

    public Server Server { get; }

    public ChatHub Hub { get; }

    public ChatDesk Desk => Hub.Desk;

    public int Port => Server.Addresses[0].Port;

    public static async Task<Place> StartAsync(string listen = "udp://127.0.0.1:0", ChatHubOptions? options = null, Encoding? encoding = null, Concurrency? policy = null)
    {
        var place = new Place(
            new Server(new ServerOptions { Listen = [listen], Concurrency = policy ?? Concurrency.Inline }), new ChatHub(options));
        place.Server.HandleChat(place.Hub, new ChatServerOptions { Encoding = encoding ?? Encoding.UTF8 });
        await place.Server.StartAsync();
        return place;
    }

    public PythonPeer Peer(string script, params object[] arguments) => PythonPeer.Start(
        Path.Combine(AppContext.BaseDirectory, "peers", script),
        ["127.0.0.1", Port.ToString(CultureInfo.InvariantCulture), .. arguments.Select(static each => Convert.ToString(each, CultureInfo.InvariantCulture)!)]);

    /// <summary>A plain sender.</summary>
    public UdpClient Sender()
    {
        var client = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect(IPAddress.Loopback, Port);
        return client;
    }

    /// <summary>What comes to one next.</summary>
    public static async Task<byte[]> ReceiveAsync(UdpClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return (await client.ReceiveAsync(patience.Token)).Buffer;
    }

    /// <summary>The next messages the operator hears.</summary>
    public async Task<List<ChatMessage>> HearAsync(int count)
    {
        var heard = new List<ChatMessage>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (ChatEvent each in Desk.ReadAllAsync(patience.Token))
        {
            if (each is not ChatMessage message)
                continue;
            heard.Add(message);
            if (heard.Count == count)
                break;
        }

        return heard;
    }

    /// <summary>An operator who says everything back in upper case.</summary>
    public async Task AnswerAllAsync(CancellationToken ending)
    {
        try
        {
            await foreach (ChatEvent each in Desk.ReadAllAsync(ending))
            {
                if (each is ChatMessage { To: ChatHub.Operator } message)
                    Assert.Equal(ChatError.None, Desk.Answer(message.Id, message.Text.ToUpperInvariant()));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Hub.DisposeAsync();
    }
}
