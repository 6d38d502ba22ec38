using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone.Tests.Authentication;

/// <summary>docs/authentication.md: every line of its examples stands in this file and so compiles.</summary>
public sealed class AuthenticationDocTests
{
    [Fact]
    public void Every_line_of_the_pages_examples_compiles()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Dialtone.slnx")))
            folder = Path.GetDirectoryName(folder);
        Assert.SkipWhen(folder is null, "the sources are not here");
        string[] source = Lines(Path.Combine(folder!, "tests", "Dialtone.Tests", "Authentication", "AuthenticationDocTests.cs"));
        bool isCode = false;
        int count = 0;
        foreach (string line in Lines(Path.Combine(folder!, "docs", "authentication.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode && line == "```csharp";
            else if (isCode && ++count > 0)
                Assert.Contains(line, source);
        }

        Assert.InRange(count, 20, 60);
    }

    internal static async Task KeysAsync(Server server, Connection connection)
    {
        server.Use(HmacChallenge.With(HmacKey.FromFile("door.key")));
        await HmacChallenge.AnswerAsync(connection, HmacKey.FromFile("door.key"));
        server.Use(HmacChallenge.With(HmacKey.FromFile("door.key"), HmacKey.FromFile("door.key.old")));
        server.Use(HmacChallenge.With(HmacDigest.Md5, HmacKey.FromFile("door.key")));
    }

    internal static async Task PasswordsAsync(Server server, Connection connection, Dictionary<string, ScramVerifier> verifiers, byte[] secret)
    {
        ScramVerifier verifier = ScramVerifier.Create("correct horse battery staple");
        string line = verifier.Format();   // SCRAM-SHA-256$600000:…, for the account file
        verifiers[line] = verifier;
        var accounts = new ScramAccounts(name => verifiers.GetValueOrDefault(name), secret);
        server.Use(ScramAuthentication.With(accounts));
        await ScramAuthentication.LoginAsync(connection, "alex", "correct horse battery staple");
    }

    internal static object[] Certificates()
    {
        X509Certificate2 certificate = ServerCertificate.LoadOrCreate("/var/lib/myserver");
        string fingerprint = CertificateFingerprint.Of(certificate);   // SHA256:…, as ssh shows it
        X509Certificate2 key = ClientKey.Create("/home/alex/.config/dialtone/key.pem", "alex, laptop");
        string shown = CertificateFingerprint.Of(key);    // what the server's operator writes beside the account
        _ =
            CertificateTrust.PinOnFirstUse(new KnownHosts("/home/alex/.config/dialtone/known_hosts"));   // as ssh does
        _ =
            CertificateTrust.Fingerprint(fingerprint);        // this key and no other
        _ =
            CertificateTrust.SystemRoots;                     // as a browser does
        _ =
            CertificateTrust.NoneWhichIsInsecure;             // for tests
        var options = new ServerOptions
        {
            Listen = ["tcp://0.0.0.0:9000"],
            Penalties = new() { Exempt = [IPNetwork.Parse("10.1.0.0/16")] },
        };
        return [shown, options];
    }

    private static string[] Lines(string path) => [.. File.ReadAllLines(path, Encoding.UTF8).Select(line => line.Trim())];
}
