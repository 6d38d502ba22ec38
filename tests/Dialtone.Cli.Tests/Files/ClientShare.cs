using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>A share in a folder, served in this process to Anna (password: open sesame) over TLS and without, and somebody with settings of her own who uses the tool.</summary>
internal sealed class ClientShare : IAsyncDisposable
{
    public const string Password = "open sesame";

    private readonly Folder _root = new();
    private readonly Folder _home = new();
    private readonly Folder _here = new();
    private readonly LocalFileStore _store;
    private readonly FileService _service;
    private readonly Server _server;

    private ClientShare(FileRights anonymous, Quota? quota)
    {
        Key = ClientKey.Create(_home["anna.pem"], "anna");
        Accounts = new AccountList(new Account
        {
            Name = "anna",
            Password = ScramVerifier.Create(Password, ScramVerifier.MinIterations),
            Keys = [CertificateFingerprint.Of(Key)],
            Home = VirtualPath.Parse("/anna"),
            Quota = quota,
        });
        _store = LocalFileStore.Open(_root.Path);
        _service = new FileService(new FileServiceOptions { Store = _store, Accounts = Accounts, Anonymous = anonymous });
        _server = new FileServer(_service).CreateServer(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0", "tcp://127.0.0.1:0", $"unix://{_home["s"]}"],
            Tls = new TlsServerOptions { Certificate = MakeCertificate(), ClientCertificates = ClientCertificateMode.Allowed },
        });
    }

    public AccountList Accounts { get; }

    public X509Certificate2 Key { get; }

    public Dictionary<string, string> Environment => new(_home.Home) { ["DIALTONE_PASSWORD"] = Password, ["TZ"] = "UTC" };

    public Dictionary<string, string> WithoutPassword => new(_home.Home);

    public Folder Home => _home;

    public Address Tls => _server.Addresses[0];

    public Address Tcp => _server.Addresses[1];

    public static async Task<ClientShare> StartAsync(FileRights anonymous = FileRights.None, Quota? quota = null)
    {
        var share = new ClientShare(anonymous, quota);
        await share._service.StartAsync();
        await share._server.StartAsync();
        return share;
    }

    /// <summary>A place of Anna's on the server.</summary>
    public string At(string path) => $"tcp://anna@127.0.0.1:{Tcp.Port}/{path}";

    public string AtTls(string path) => $"tls://anna@127.0.0.1:{Tls.Port}/{path}";

    public string AtSocket(string path) => $"unix://anna@{_home["s"]}!/{path}";

    /// <summary>A file of this machine.</summary>
    public string Here(string path) => _here[path];

    /// <summary>What the server has in Anna's home.</summary>
    public string There(string path) => Path.Combine(_root.Path, "anna", path);

    public static string Write(string place, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.WriteAllText(place, content);
        return place;
    }

    public static byte[] WriteRandom(string place, int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.WriteAllBytes(place, content);
        return content;
    }

    /// <summary>Runs the tool with Anna's password.</summary>
    public Task<ToolResult> RunAsync(params string[] words) => ToolProcess.RunWithAsync("", Environment, words);

    public Task<ToolResult> FeedAsync(string input, params string[] words) => ToolProcess.RunWithAsync(input, Environment, words);

    /// <summary>Runs the tool, which must do all that was asked and say nothing about it.</summary>
    public async Task<string> DoAsync(params string[] words)
    {
        ToolResult end = await RunAsync(words);
        Assert.Equal((0, ""), (end.ExitCode, end.Error));
        return end.Output;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _service.DisposeAsync();
        _store.Dispose();
        Key.Dispose();
        _root.Dispose();
        _home.Dispose();
        _here.Dispose();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(365));
    }
}
