using System.Runtime.Versioning;

namespace Dialtone.Cli.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class ServeReloadTests
{
    private const int HangUp = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Accounts_are_read_again_at_sighup_and_broken_ones_leave_the_old_in_force()
    {
        using var folder = new Folder();
        await UsersTests.UserAsync(folder, "one", "add", "alex");
        await using ToolProcess tool = ServeFilesTests.Serve(folder, "--listen", "tcp://127.0.0.1:0");
        await tool.AddressesAsync(1);
        await UsersTests.UserAsync(folder, "two", "add", "bob");
        tool.Signal(HangUp);
        await tool.UntilErrorAsync("read again: alex, bob may log in");

        string path = folder["dialtone/accounts.json"];
        await File.WriteAllTextAsync(path, "{ \"version\": 1,\n oops");
        tool.Signal(HangUp);
        await tool.UntilErrorAsync($"The accounts stay as before: {path}:2");
        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_the_next_callers_and_a_broken_one_leaves_the_old_in_force()
    {
        using var folder = new Folder();
        await using ToolProcess tool = ServeFilesTests.Serve(folder, "--listen", "tls://127.0.0.1:0", "--anonymous", "read");
        Address address = (await tool.AddressesAsync(1))[0];
        string before = await FingerprintAsync(address);
        await tool.UntilErrorAsync(before);

        string after;
        using (var other = ServerCertificate.LoadOrCreate(folder["other"]))
            after = CertificateFingerprint.Of(other);
        foreach (string name in (string[])["server.key", "server.crt"])
            File.Move(folder[$"other/{name}"], folder[$"dialtone/{name}"], overwrite: true);
        tool.Signal(HangUp);
        await tool.UntilErrorAsync($"read again: the server's key is {after}");
        await UntilAsync(async () => await FingerprintAsync(address) == after);

        await File.WriteAllTextAsync(folder["dialtone/server.crt"], "broken");
        tool.Signal(HangUp);
        await tool.UntilErrorAsync("The certificate stays as before");
        Assert.Equal(after, await FingerprintAsync(address));
    }

    [Fact]
    public async Task The_audit_log_is_opened_anew_at_sighup()
    {
        using var folder = new Folder();
        await using ToolProcess tool = ServeFilesTests.Serve(folder, "--listen", "tcp://127.0.0.1:0", "--anonymous", "write", "--audit", folder["audit"]);
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        Assert.Equal("ok", await caller.PutAsync("/before", "x"));
        await UntilAsync(async () => (await File.ReadAllTextAsync(folder["audit"])).Contains("/before", StringComparison.Ordinal));
        File.Move(folder["audit"], folder["audit.1"]);
        tool.Signal(HangUp);
        await tool.UntilErrorAsync("the audit log was opened anew");
        Assert.Equal("ok", await caller.PutAsync("/after", "x"));
        await UntilAsync(async () => File.Exists(folder["audit"]) && (await File.ReadAllTextAsync(folder["audit"])).Contains("/after", StringComparison.Ordinal));
        Assert.DoesNotContain("/after", await File.ReadAllTextAsync(folder["audit.1"]), StringComparison.Ordinal);
    }

    private static async Task<string> FingerprintAsync(Address address)
    {
        using FilesCaller caller = await FilesCaller.ConnectAsync(address);
        return caller.Fingerprint!;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "It never came to be.");
            await Task.Delay(20);
        }
    }
}
