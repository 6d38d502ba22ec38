using System.Diagnostics;

namespace Dialtone.Conformance.Tests;

/// <summary>What OpenSSL's own client sees, where it is installed.</summary>
public sealed class OpenSslTests
{
    [Theory] // C09
    [InlineData("-tls1 -cipher ALL:@SECLEVEL=0", false)]
    [InlineData("-tls1_1 -cipher ALL:@SECLEVEL=0", false)]
    [InlineData("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", false)]
    [InlineData("-tls1_2 -cipher NULL:@SECLEVEL=0", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Only_TLS_1_2_and_1_3_with_authenticated_encryption_are_spoken(string arguments, bool isServed)
    {
        string answer = await TalkAsync(arguments, "hello\n");
        Assert.Equal(isServed, answer.Contains("hello", StringComparison.Ordinal));
    }

    [Fact] // C10
    public async Task Renegotiation_is_refused()
    {
        string answer = await TalkAsync("-tls1_2", "R\nhello\n");
        Assert.DoesNotContain("hello", answer, StringComparison.Ordinal);
    }

    private static async Task<string> TalkAsync(string arguments, string input)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "OpenSSL is not installed.");
        using var authority = new TestAuthority();
        await using Server server = await Servers.StartAsync(
            new ServerOptions { Listen = ["tls://127.0.0.1:0"], Tls = new TlsServerOptions { Certificate = authority.Issue("localhost") } });
        var start = new ProcessStartInfo("/usr/bin/openssl", $"s_client -quiet -no_ign_eof -connect 127.0.0.1:{server.Addresses[0].Port} {arguments}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process client = Process.Start(start)!;
        Task<string> errors = client.StandardError.ReadToEndAsync();
        foreach (string line in input.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await client.StandardInput.WriteAsync(line + "\n");
        await client.StandardInput.FlushAsync();
        // Either the echo comes, or the client gives up; then its input ends and so does it.
        var buffer = new char[4096];
        int count = await client.StandardOutput.ReadAsync(buffer).AsTask().WaitAsync(Servers.Patience);
        client.StandardInput.Close();
        await client.WaitForExitAsync().WaitAsync(Servers.Patience);
        await errors;
        return new string(buffer, 0, count);
    }
}
