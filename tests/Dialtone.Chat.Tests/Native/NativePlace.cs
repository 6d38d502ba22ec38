using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Chat.Tests.Native;

/// <summary>A chat served for one test, over TLS and datagrams.</summary>
internal sealed class NativePlace : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(IsLong ? 600 : 60);
    private static readonly X509Certificate2 Certificate = MakeCertificate();

    private NativePlace(Server server, ChatHub hub) => (Server, Hub) = (server, hub);

    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;

    public Server Server { get; }

    public ChatHub Hub { get; }

    public Address Address => Server.Addresses[0];

    public Address Datagrams => Server.Addresses[1];

    public static async Task<NativePlace> StartAsync(ChatHubOptions? hub = null, ChatServerOptions? options = null, PenaltyOptions? penalties = null)
    {
        var server = new Server(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0", "udp://127.0.0.1:0"],
            Concurrency = Concurrency.Inline,
            Tls = new TlsServerOptions { Certificate = Certificate },
            Penalties = penalties,
        });
        var place = new NativePlace(server, new ChatHub(hub));
        server.HandleChat(place.Hub, options);
        await server.StartAsync();
        return place;
    }

    public static ChatClientOptions Options(string? name, params ChatRoomEntry[] rooms) => new()
    {
        Name = name,
        Rooms = rooms,
        Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } },
    };

    public Task<ChatClient> JoinAsync(string name, params string[] rooms) =>
        ChatClient.JoinAsync(Address, Options(name, [.. rooms.Select(room => new ChatRoomEntry(room))]));

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Hub.DisposeAsync();
    }

    /// <summary>Waits for something that will be so.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, "It never came to be.");
            await Task.Delay(10);
        }
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=chat", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}

/// <summary>Takes a client's events as they are asked for.</summary>
internal sealed class Ear(ChatClient client) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatEvent> _events = client.ReadAllAsync().GetAsyncEnumerator();

    /// <summary>The next event of a kind; others before it are skipped. Null at the end.</summary>
    public async Task<T?> HearAsync<T>(Func<T, bool>? isIt = null)
        where T : ChatEvent
    {
        while (await _events.MoveNextAsync().AsTask().WaitAsync(NativePlace.Patience))
        {
            if (_events.Current is T heard && (isIt?.Invoke(heard) ?? true))
                return heard;
        }

        return null;
    }

    public ValueTask DisposeAsync() => _events.DisposeAsync();
}
