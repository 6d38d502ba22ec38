using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Dialtone.Cli.Tests;

/// <summary>A client of the native protocol by hand: a frame out, a frame back.</summary>
internal sealed class FilesCaller : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Stream _stream;

    private FilesCaller(Stream stream, string? fingerprint = null) => (_stream, Fingerprint) = (stream, fingerprint);

    /// <summary>Of the server's key, over TLS.</summary>
    public string? Fingerprint { get; }

    public static async Task<FilesCaller> ConnectAsync(Address address)
    {
        Socket socket = address.Path is not null
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await (address.Path is { } path ? socket.ConnectAsync(new UnixDomainSocketEndPoint(path)) : socket.ConnectAsync(address.Host!, address.Port)).WaitAsync(Patience);
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (!address.IsTls)
            return new FilesCaller(stream);
        string? fingerprint = null;
#pragma warning disable CA5359 // whose key it is, is what the test asks
        var tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            fingerprint = CertificateFingerprint.Of((System.Security.Cryptography.X509Certificates.X509Certificate2)certificate!);
            return true;
        });
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("localhost").WaitAsync(Patience);
        return new FilesCaller(tls, fingerprint);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);

    public Task SendAsync(string header, string body = "")
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, json.Length);
        return SendAsync((byte[])[.. length, .. json, .. Encoding.UTF8.GetBytes(body)]);
    }

    /// <summary>Bytes as they come; fewer if the server closes first.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        try
        {
            int read = await _stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false).AsTask().WaitAsync(Patience);
            return bytes[..read];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>The next reply's header; null when the server has closed.</summary>
    public async Task<JsonElement?> HearAsync()
    {
        byte[] length = await ReadAsync(4);
        if (length.Length < 4)
            return null;
        byte[] header = await ReadAsync(BinaryPrimitives.ReadInt32LittleEndian(length));
        using JsonDocument json = JsonDocument.Parse(header);
        return json.RootElement.Clone();
    }

    /// <summary>"ok", or the code of the error; "closed" when the server has closed.</summary>
    public async Task<string> AskAsync(string header, string body = "")
    {
        try
        {
            await SendAsync(header, body);
        }
        catch (IOException)
        {
            // Closed already; what it said before can still be read.
        }

        return await HearAsync() is not { } reply ? "closed" : reply.TryGetProperty("error", out JsonElement error) ? error.GetString()! : "ok";
    }

    public Task<string> PutAsync(string path, string content) => AskAsync($$"""{"id":1,"cmd":"put","path":"{{path}}","size":{{Encoding.UTF8.GetByteCount(content)}}}""", content);

    public Task<string> PingAsync() => AskAsync("""{"id":1,"cmd":"ping"}""");

    public void Dispose() => _stream.Dispose();
}
