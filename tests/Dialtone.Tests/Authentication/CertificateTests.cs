using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Authentication.ExtendedProtection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Tests.Authentication;

public sealed class CertificateTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_certificate_is_made_once_and_kept()
    {
        using X509Certificate2 first = ServerCertificate.LoadOrCreate(_folder.Path("tls"));
        using X509Certificate2 second = ServerCertificate.LoadOrCreate(_folder.Path("tls"));
        Assert.Equal(first.RawData, second.RawData);
        Assert.True(second.HasPrivateKey);
        Assert.Equal(OwnerOnly, TemporaryFolder.Mode(_folder.Path("tls/server.key")));
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path("tls")), file => file.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.True(first.MatchesHostname("localhost"));
        Assert.True(first.MatchesHostname("127.0.0.1"));
    }

    [Fact]
    public async Task Servers_that_start_at_once_get_the_same_certificate()
    {
        string[] prints = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using X509Certificate2 certificate = ServerCertificate.LoadOrCreate(_folder.Path("tls"));
            return CertificateFingerprint.Of(certificate);
        })));
        Assert.Single(prints.Distinct());
    }

    [Fact]
    public void A_start_that_was_cut_after_the_key_is_finished_by_the_next()
    {
        string print;
        using (X509Certificate2 first = ServerCertificate.LoadOrCreate(_folder.Path("tls")))
            print = CertificateFingerprint.Of(first);
        File.Delete(_folder.Path("tls/server.crt"));
        using X509Certificate2 second = ServerCertificate.LoadOrCreate(_folder.Path("tls"));
        Assert.Equal(print, CertificateFingerprint.Of(second));
    }

    [Fact]
    public void A_key_file_open_to_others_or_of_another_certificate_is_refused()
    {
        ServerCertificate.LoadOrCreate(_folder.Path("a")).Dispose();
        ServerCertificate.LoadOrCreate(_folder.Path("b")).Dispose();
        Assert.Equal(TrustError.FileMalformed,
            Assert.Throws<TrustException>(() => ServerCertificate.Load(_folder.Path("a/server.crt"), _folder.Path("b/server.key"))).Reason);
        TemporaryFolder.SetMode(_folder.Path("a/server.key"), OwnerOnly | UnixFileMode.GroupRead);
        Assert.Equal(TrustError.FileTooOpen, Assert.Throws<TrustException>(() => ServerCertificate.LoadOrCreate(_folder.Path("a"))).Reason);
        File.Delete(_folder.Path("b/server.key"));
        Assert.Equal(TrustError.FileUnusable, Assert.Throws<TrustException>(() => ServerCertificate.LoadOrCreate(_folder.Path("b"))).Reason);
        Assert.Equal(TrustError.FileMalformed, Assert.Throws<TrustException>(() =>
            ServerCertificate.Load(_folder.Write("c.crt", "no"), _folder.Write("c.key", "no"))).Reason);
    }

    [Fact]
    public async Task The_certificates_behind_the_first_go_along_to_the_client()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset end = DateTimeOffset.UnixEpoch.AddYears(100);
        using X509Certificate2 root = rootRequest.CreateSelfSigned(DateTimeOffset.UnixEpoch, end);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var middleRequest = new CertificateRequest("CN=middle", middleKey, HashAlgorithmName.SHA256);
        middleRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 middle = middleRequest.Create(root, DateTimeOffset.UnixEpoch, end, [1]).CopyWithPrivateKey(middleKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 leaf = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256).Create(middle, DateTimeOffset.UnixEpoch, end, [2]);
        SslStreamCertificateContext context = ServerCertificate.LoadWithChain(
            _folder.Write("full.crt", leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem()),
            _folder.Write("full.key", key.ExportPkcs8PrivateKeyPem()));

        (Stream a, Stream b) = DuplexStream.Pair();
        await using var client = new SslStream(a);
        await using var server = new SslStream(b);
        string[] seen = [];
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context }),
            client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "leaf",
                RemoteCertificateValidationCallback = (_, _, chain, _) =>
                {
                    seen = [.. chain!.ChainPolicy.ExtraStore.Select(certificate => certificate.Subject)];
                    return true;
                },
            }));
        Assert.Contains("CN=middle", seen);
    }

    [Fact]
    public void The_fingerprint_is_the_one_openssl_computes()
    {
        using X509Certificate2 certificate = ServerCertificate.LoadOrCreate(_folder.Path("tls"));
        string command = $"openssl x509 -in '{_folder.Path("tls/server.crt")}' -noout -pubkey"
            + " | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64";
        string? theirs = Run(command);
        Assert.SkipWhen(theirs is null, "openssl is not installed");
        Assert.Equal("SHA256:" + theirs.Trim().TrimEnd('='), CertificateFingerprint.Of(certificate));
        Assert.True(CertificateFingerprint.IsFingerprint(CertificateFingerprint.Of(certificate)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SHA256:")]
    [InlineData("SHA256:AAAA")]
    [InlineData("MD5:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A")]
    [InlineData("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_fingerprint_is_not_taken_for_one(string text)
    {
        Assert.False(CertificateFingerprint.IsFingerprint(text));
        Assert.Throws<ArgumentException>(() => CertificateTrust.Fingerprint(text));
    }

    [Fact]
    public async Task A_client_remembers_a_server_and_refuses_another_in_its_place()
    {
        var hosts = new KnownHosts(_folder.Path("known_hosts"));
        using X509Certificate2 ours = ServerCertificate.LoadOrCreate(_folder.Path("a"));
        using X509Certificate2 theirs = ServerCertificate.LoadOrCreate(_folder.Path("b"));
        CertificateTrust trust = CertificateTrust.PinOnFirstUse(hosts);

        CertificateCheck first = await HandshakeAsync(trust, ours);
        Assert.Null(first.Refusal);
        Assert.True(first.FirstUse);
        Assert.Equal(CertificateFingerprint.Of(ours), first.Fingerprint);

        CertificateCheck again = await HandshakeAsync(trust, ours);
        Assert.Null(again.Refusal);
        Assert.False(again.FirstUse);

        CertificateCheck changed = await HandshakeAsync(trust, theirs);
        Assert.Contains("has changed", changed.Refusal, StringComparison.Ordinal);
        Assert.Contains(hosts.Path, changed.Refusal, StringComparison.Ordinal);
        Assert.Contains(CertificateFingerprint.Of(theirs), changed.Refusal, StringComparison.Ordinal);
        Assert.Equal(TrustError.ServerNotTrusted, changed.ToException().Reason);

        Assert.True(hosts.Forget("LOCALHOST", 7070));
        Assert.Null((await HandshakeAsync(trust, theirs)).Refusal);
    }

    [Fact]
    public async Task The_other_ways_to_trust_do_what_they_say()
    {
        using X509Certificate2 ours = ServerCertificate.LoadOrCreate(_folder.Path("a"));
        using X509Certificate2 theirs = ServerCertificate.LoadOrCreate(_folder.Path("b"));
        CertificateTrust exact = CertificateTrust.Fingerprint(CertificateFingerprint.Of(ours));
        Assert.Null((await HandshakeAsync(exact, ours)).Refusal);
        Assert.Contains("not the expected", (await HandshakeAsync(exact, theirs)).Refusal, StringComparison.Ordinal);
        Assert.Contains("not vouched for", (await HandshakeAsync(CertificateTrust.SystemRoots, ours)).Refusal, StringComparison.Ordinal);
        Assert.Null((await HandshakeAsync(CertificateTrust.NoneWhichIsInsecure, ours)).Refusal);
    }

    [Fact]
    public async Task A_known_hosts_file_that_cannot_be_trusted_refuses_the_server()
    {
        using X509Certificate2 ours = ServerCertificate.LoadOrCreate(_folder.Path("a"));
        var broken = new KnownHosts(_folder.Write("broken", "# mine\nlocalhost:7070 SHA256:short\n"));
        Assert.Contains("line 2", (await HandshakeAsync(CertificateTrust.PinOnFirstUse(broken), ours)).Refusal, StringComparison.Ordinal);
        var open = new KnownHosts(_folder.Write("open", "", OwnerOnly | UnixFileMode.OtherWrite));
        Assert.Contains("by others", (await HandshakeAsync(CertificateTrust.PinOnFirstUse(open), ours)).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Known_hosts_keeps_every_update_made_at_once()
    {
        string path = _folder.Path("deep/known_hosts");
        string print = PrintOf(new byte[32]);
        await Task.WhenAll(Enumerable.Range(1, 20).Select(port =>
            Task.Run(() => new KnownHosts(path).Remember("::1", port, print))));
        Assert.Equal(20, File.ReadAllLines(path).Distinct().Count());
        Assert.Equal(KnownHostStatus.Known, new KnownHosts(path).Check("[::1]", 7, print));
        Assert.Equal(KnownHostStatus.Changed, new KnownHosts(path).Remember("::1", 7, print.Replace("AAA", "BBB", StringComparison.Ordinal)));
        Assert.Equal(KnownHostStatus.Unknown, new KnownHosts(path).Check("::1", 21, print));
    }

    [Fact]
    public void A_host_written_in_capitals_is_the_same_host()
    {
        string one = PrintOf(SHA256.HashData("1"u8));
        string two = PrintOf(SHA256.HashData("2"u8));
        var hosts = new KnownHosts(_folder.Write("known", $"Example.ORG:1 {one}\n"));
        Assert.Equal(KnownHostStatus.Changed, hosts.Remember("example.org", 1, two));
        Assert.Equal(KnownHostStatus.Known, hosts.Check("example.org", 1, one));
        Assert.True(hosts.Forget("example.org", 1));
        Assert.Equal("", File.ReadAllText(hosts.Path));
    }

    [Fact]
    public void A_host_may_have_two_keys_and_notes_stay()
    {
        string one = PrintOf(SHA256.HashData("1"u8));
        string two = PrintOf(SHA256.HashData("2"u8));
        var hosts = new KnownHosts(_folder.Write("known", $"# note\r\nexample.org:1 {one} old\nexample.org:1 {two}"));
        Assert.Equal(KnownHostStatus.Known, hosts.Check("Example.Org.", 1, one));
        Assert.Equal(KnownHostStatus.Known, hosts.Check("example.org", 1, two));
        hosts.Remember("other", 1, one);
        Assert.StartsWith("# note\r\n", File.ReadAllText(hosts.Path), StringComparison.Ordinal);
        Assert.True(hosts.Forget("example.org", 1));
        Assert.False(hosts.Forget("example.org", 1));
        Assert.Equal(KnownHostStatus.Known, hosts.Check("other", 1, one));
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("#note")]
    [InlineData("a\nb")]
    public void A_host_name_cannot_write_lines_of_its_own(string host) =>
        Assert.Throws<ArgumentException>(() => new KnownHosts(_folder.Path("known")).Check(host, 1, ""));

    [Fact]
    public async Task A_client_key_proves_itself_in_the_handshake()
    {
        using X509Certificate2 server = ServerCertificate.LoadOrCreate(_folder.Path("a"));
        using X509Certificate2 key = ClientKey.Create(_folder.Path("keys/laptop.pem"), "alex, laptop");
        Assert.Equal(OwnerOnly, TemporaryFolder.Mode(_folder.Path("keys/laptop.pem")));
        Assert.Equal(["laptop.pem"], Directory.GetFiles(_folder.Path("keys")).Select(Path.GetFileName));
        Assert.Equal("alex, laptop", key.GetNameInfo(X509NameType.SimpleName, false));
        (Stream a, Stream b) = DuplexStream.Pair();
        await using var ours = new SslStream(a);
        await using var theirs = new SslStream(b);
        await Task.WhenAll(
            theirs.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = server,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = ClientKey.AcceptAny,
            }),
            ours.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificates = [key],
                RemoteCertificateValidationCallback = CertificateTrust.NoneWhichIsInsecure.For("localhost", 1).Validate,
            }));
        Assert.Equal(CertificateFingerprint.Of(key), CertificateFingerprint.Of((X509Certificate2)theirs.RemoteCertificate!));
    }

    [Fact]
    public void A_client_key_is_never_replaced()
    {
        using X509Certificate2 key = ClientKey.Create(_folder.Path("k.pem"), "k");
        byte[] before = File.ReadAllBytes(_folder.Path("k.pem"));
        Assert.Equal(TrustError.FileUnusable, Assert.Throws<TrustException>(() => ClientKey.Create(_folder.Path("k.pem"), "k")).Reason);
        Assert.Equal(before, File.ReadAllBytes(_folder.Path("k.pem")));
        using X509Certificate2 loaded = ClientKey.Load(_folder.Path("k.pem"));
        Assert.Equal(CertificateFingerprint.Of(key), CertificateFingerprint.Of(loaded));
    }

    [Theory] // D18
    [InlineData("SHA256")]
    [InlineData("SHA384")]
    [InlineData("SHA512")]
    public async Task The_channel_binding_is_the_one_the_TLS_stream_reports(string hash)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=binding", key, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        (Stream a, Stream b) = DuplexStream.Pair();
        await using var client = new SslStream(a);
        await using var server = new SslStream(b);
        await Task.WhenAll(server.AuthenticateAsServerAsync(certificate), client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "binding",
            RemoteCertificateValidationCallback = CertificateTrust.NoneWhichIsInsecure.For("binding", 1).Validate,
        }));
        byte[] expected = [.. "tls-server-end-point:"u8, .. TlsServerEndPoint.Compute(certificate)];
        Assert.Equal(expected, Token(client));
        Assert.Equal(TlsServerEndPoint.Compute(certificate), TlsServerEndPoint.Compute((X509Certificate2)client.RemoteCertificate!));
    }

    [Fact] // what a foreign TLS thinks of both certificates
    public async Task Openssl_accepts_the_server_by_name_and_proves_a_client_key()
    {
        Assert.SkipWhen(Run("openssl version") is null, "openssl is not installed");
        using X509Certificate2 certificate = ServerCertificate.LoadOrCreate(_folder.Path("a"));
        using X509Certificate2 key = ClientKey.Create(_folder.Path("k.pem"), "laptop");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string command = string.Create(CultureInfo.InvariantCulture, $"echo Q | openssl s_client -connect 127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}")
            + $" -CAfile '{_folder.Path("a/server.crt")}' -verify_return_error -verify_hostname localhost"
            + $" -cert '{_folder.Path("k.pem")}' -key '{_folder.Path("k.pem")}' 2>&1";
        Task<string?> client = Task.Run(() => Run(command));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var stream = new SslStream(new NetworkStream(await listener.AcceptSocketAsync(limit.Token), ownsSocket: true));
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = ClientKey.AcceptAny,
        }, limit.Token);
        Assert.Equal(CertificateFingerprint.Of(key), CertificateFingerprint.Of((X509Certificate2)stream.RemoteCertificate!));
        await stream.ShutdownAsync();
        stream.Close();
        Assert.Contains("Verify return code: 0 (ok)", await client, StringComparison.Ordinal);
    }

    // Asked of the server, .NET 10 on Linux fails here: it looks for the peer's certificate there too.
    private static string PrintOf(byte[] digest) => "SHA256:" + Convert.ToBase64String(digest).TrimEnd('=');

    private static byte[] Token(SslStream stream)
    {
        using ChannelBinding binding = stream.TransportContext.GetChannelBinding(ChannelBindingKind.Endpoint)!;
        var bytes = new byte[binding.Size];
        System.Runtime.InteropServices.Marshal.Copy(binding.DangerousGetHandle(), bytes, 0, bytes.Length);
        return bytes[32..]; // behind the header of SEC_CHANNEL_BINDINGS
    }

    private static async Task<CertificateCheck> HandshakeAsync(CertificateTrust trust, X509Certificate2 certificate)
    {
        (Stream a, Stream b) = DuplexStream.Pair();
        await using var client = new SslStream(a);
        await using var server = new SslStream(b);
        CertificateCheck check = trust.For("localhost", 7070);
        Task served = server.AuthenticateAsServerAsync(certificate);
        try
        {
            await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = check.Validate,
            });
            await served;
        }
        catch (AuthenticationException)
        {
            client.Dispose();
            await served.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        return check;
    }

    private static string? Run(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "command -v openssl >/dev/null && " + command])
        {
            RedirectStandardOutput = true,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : null;
    }
}
