using System.Net;
using System.Net.Sockets;
using System.Text;
using static Dialtone.Cli.Tests.Sitting;

namespace Dialtone.Cli.Tests;

/// <summary><c>dialtone serve chat</c> in a process of its own, and people who come to it with the same settings.</summary>
internal sealed class ChatHouse : IAsyncDisposable
{
    private readonly Folder _folder;
    private readonly Address[] _addresses;

    private ChatHouse(Folder folder, ToolProcess server, Address[] addresses) => (_folder, Server, _addresses) = (folder, server, addresses);

    public ToolProcess Server { get; }

    /// <summary>The operator's input and output are ours.</summary>
    public static async Task<ChatHouse> OpenAsync(params string[] words)
    {
        var folder = new Folder();
        ToolProcess server = ToolProcess.StartWith(
            Settings(folder), ["serve", "chat", "--listen", "udp://127.0.0.1:0", "--listen", "tls://127.0.0.1:0", "--also", "tcp://127.0.0.1:0", .. words]);
        return new ChatHouse(folder, server, words.Contains("--json") ? [] : await server.AddressesAsync(3));
    }

    /// <summary>A user's own settings, in a terminal that knows UTF-8 and shows no colours.</summary>
    public static Dictionary<string, string> Settings(Folder folder) =>
        new(folder.Home) { ["LC_ALL"] = "C.UTF-8", ["NO_COLOR"] = "1", ["TERM"] = "xterm", ["TZ"] = "UTC" };

    public Dictionary<string, string> Environment => Settings(_folder);

    public int Udp => _addresses[0].Port;

    public string Place => $"127.0.0.1:{_addresses[1].Port}";

    public Address Lines => _addresses[2];

    public Task<ToolResult> ChatAsync(string input, params string[] words) => ToolProcess.RunWithAsync(input, Environment, ["chat", Place, .. words]);

    /// <summary>Somebody who stays.</summary>
    public ToolProcess Join(params string[] words) => ToolProcess.StartWith(Environment, ["chat", Place, .. words]);

    /// <summary>Somebody at a terminal of 60 columns and 20 rows.</summary>
    public Task<string> SitAsync(string[] words, params string[] script) => SitAsync(Environment, ["chat", Place, .. words], script);

    /// <summary>The tool at a terminal of 60 columns and 20 rows; at the end it says whether the terminal is as it was.</summary>
    public static async Task<string> SitAsync(IReadOnlyDictionary<string, string> environment, string[] words, params string[] script)
    {
        const string Shell = "stty cols 60 rows 20; before=$(stty -g); \"$@\"; code=$?; [ \"$before\" = \"$(stty -g)\" ] && echo as it was; exit $code";
        PythonResult end = await PythonPeer.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "peers", "terminal.py"),
            ["/usr/bin/env", .. environment.Select(item => $"{item.Key}={item.Value}"), "sh", "-c", Shell, "sh", ToolProcess.Program, .. words],
            string.Concat([.. script, See("\e[?1049l"), See("as it was")]), TimeSpan.FromSeconds(90));
        Assert.Equal("", end.Error);
        return end.Output.ReplaceLineEndings(" ").TrimEnd();
    }

    /// <summary>A program of the tutorials': one datagram out, one back.</summary>
    public Task<PythonResult> AskPlainAsync(string encoding, params string[] texts) => AskPlainAsync(Udp, encoding, texts);

    public static Task<PythonResult> AskPlainAsync(int port, string encoding, params string[] texts) =>
        PythonPeer.RunAsync(Path.Combine(AppContext.BaseDirectory, "peers", "chat_client.py"), [$"{port}", encoding, .. texts]);

    public static Socket PlainSocket(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    public static string Hear(Socket socket)
    {
        var buffer = new byte[2048];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
