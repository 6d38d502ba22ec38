using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Dialtone.Bench;

/// <summary>A file through a bare <see cref="SslStream"/>: read, write, and nothing else. What TLS itself allows.</summary>
internal static class TlsCopying
{
    private const int BufferBytes = 256 * 1024;

    public static async Task ServeAsync(string path, string certificateFolder, CancellationToken stopping)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine($"listening tls://{listener.LocalEndpoint}");
        using var certificate = ServerCertificate.LoadOrCreate(certificateFolder);
        try
        {
            while (true)
            {
                using TcpClient caller = await listener.AcceptTcpClientAsync(stopping);
                await using var tls = new SslStream(caller.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stopping);
                using var file = File.OpenHandle(path);
                var buffer = new byte[BufferBytes];
                long offset = 0;
                while (await RandomAccess.ReadAsync(file, buffer, offset, stopping) is > 0 and var count)
                {
                    await tls.WriteAsync(buffer.AsMemory(0, count), stopping);
                    offset += count;
                }

                await tls.ShutdownAsync();
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    public static async Task FetchAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(client.GetStream(), false, CertificateTrust.NoneWhichIsInsecure.For("localhost", port).Validate);
        await tls.AuthenticateAsClientAsync("localhost");
        var buffer = new byte[BufferBytes];
        long total = 0;
        while (await tls.ReadAsync(buffer) is > 0 and var count)
            total += count;
        Console.WriteLine($"bytes={total}");
    }
}
