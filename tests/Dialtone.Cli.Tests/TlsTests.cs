using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone.Cli.Tests;

/// <summary>The operator's own certificate, and a caller's key.</summary>
public sealed class TlsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("inline")]
    [InlineData("process")]
    public async Task New_certificate_files_are_used_by_new_callers_without_a_restart(string policy)
    {
        using var folder = new Folder();
        string before = Write(folder);
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "echo", "--listen", "tls://127.0.0.1:0", "--tls-cert", folder["crt"], "--tls-key", folder["key"], "--concurrency", policy);
        await using ToolProcess _ = tool;
        await using Connection old = await DialAsync(addresses[0]);
        Assert.Equal(before, old.Tls!.PeerFingerprint);

        string after = Write(folder);
        long start = Stopwatch.GetTimestamp();
        while (await ShownAsync(addresses[0]) != after) // the files are looked at once a second at most
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"The new certificate is not used. {tool.Error}");

        await old.SendAsync("still here"u8.ToArray());
        var answer = new byte[10];
        await old.Stream.ReadExactlyAsync(answer).AsTask().WaitAsync(Patience);
        Assert.Equal("still here"u8.ToArray(), answer);
    }

    [Fact]
    public async Task The_key_that_key_new_made_is_the_one_the_server_sees()
    {
        using var folder = new Folder();
        string fingerprint = (await ToolProcess.RunWithAsync("", folder.Home, "key", "new", "--out", folder["key.pem"])).Output.TrimEnd('\n');
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0"],
            Tls = new TlsServerOptions { Certificate = Make(), ClientCertificates = ClientCertificateMode.Allowed },
        }).Handle(static async connection =>
        {
            await connection.Input.ReadAsync();
            await connection.SendAsync(Encoding.UTF8.GetBytes($"{connection.Tls!.PeerFingerprint ?? "nobody"}\n"));
        });
        await server.StartAsync();
        string address = $"{server.Addresses[0]}";
        ToolResult with = await ToolProcess.RunWithAsync("who am I?\n", folder.Home, "call", address, "--timeout", "60", "--key", folder["key.pem"]);
        Assert.Equal((0, $"{fingerprint}\n"), (with.ExitCode, with.Output));
        ToolResult without = await ToolProcess.RunWithAsync("who am I?\n", folder.Home, "call", address, "--timeout", "60");
        Assert.Equal((0, "nobody\n"), (without.ExitCode, without.Output));
    }

    private static async Task<string?> ShownAsync(Address address)
    {
        await using Connection call = await DialAsync(address);
        return call.Tls!.PeerFingerprint;
    }

    private static Task<Connection> DialAsync(Address address) => Dialer.ConnectAsync(address, new DialOptions
    {
        Timeout = Patience,
        Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure },
    });

    /// <summary>Puts a new certificate and its key in place, as an operator does: the fingerprint.</summary>
    private static string Write(Folder folder)
    {
        using X509Certificate2 certificate = Make();
        folder.Write("crt", certificate.ExportCertificatePem());
        folder.Write("key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return CertificateFingerprint.Of(certificate);
    }

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
