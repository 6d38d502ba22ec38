using Dialtone.Files.Tests.Native;

namespace Dialtone.Files.Tests.Client;

/// <summary>What docs/files-client.md shows, compiled and run. The page's blocks are cut from here.</summary>
public sealed class FileClientPage
{
    [Fact]
    public void Every_block_on_the_page_is_cut_from_code_that_runs()
    {
        string code = Squeeze(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "FileClientPage.cs.txt")));
        string[] parts = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "files-client.md")).Split("```");
        Assert.True(parts.Length > 10, "there are no blocks");
        for (int index = 1; index < parts.Length; index += 2)
            Assert.Contains(Squeeze(parts[index][parts[index].IndexOf('\n')..]), code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_does_what_it_says()
    {
        await using NativeShare share = await NativeShare.StartAsync("tls://127.0.0.1:0", local: true);
        Address address = share.Address;
        string scratch = share.Scratch, fingerprint = CertificateFingerprint.Of(ServerCertificate.LoadOrCreate(Path.Combine(share.Scratch, "..", "keys")));
        string report = share.ScratchFile("report.pdf", NativeShare.RandomBytes(100_000)), photos = Directory.CreateDirectory(Path.Combine(scratch, "photos")).FullName;
        string password = NativeShare.Password;
        var bar = new Watch(static _ => false, null);
        CancellationToken stopping = default;

        var options = new FileClientOptions
        {
            Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.Fingerprint(fingerprint) } },
        };
        await using FileClient client = await FileClient.ConnectAsync(address, options);
        await client.LoginAsync("alice", password);

        TransferReport sent = await client.PutAsync(report, "/reports/report.pdf", new PutOptions { MakeParents = true });
        await client.GetAsync("/reports/report.pdf", Path.Combine(scratch, "copy.pdf"));
        Assert.Equal(100_000, sent.Size);

        using var memory = new MemoryStream();
        await client.GetAsync("/reports/report.pdf", memory, new GetOptions { Offset = 1024, Length = 4096 });
        Assert.Equal(4096, memory.Length);

        await client.PutAsync(report, "/reports/report.pdf", new PutOptions { Resume = true }, bar, stopping);

        TreeReport tree = await client.PutTreeAsync(photos, "/photos", new TreeOptions { Delete = true }, bar, stopping);
        foreach (TreeFailure failure in tree.Failures)
            Show($"{failure.Path}: {failure.Error.Message}");
        await client.GetTreeAsync("/photos", Path.Combine(scratch, "back"));

        TreeReport some = await client.PutFilesAsync(scratch, ["report.pdf"], "/reports");
        Assert.Equal(100_000, Assert.Single(some.Arrived).Size);

        await foreach (RemoteEntry entry in client.ListAsync("/", recursive: true, stopping))
            Show($"{entry.Kind} {entry.Size} {entry.Path}");
        await client.MakeFolderAsync("/archive/2026", parents: true);
        await client.RenameAsync("/reports/report.pdf", "/archive/2026/report.pdf");
        RemoteSum sum = await client.SumAsync("/archive/2026/report.pdf", TransferDigest.Sha256);
        RemoteQuota quota = await client.QuotaAsync();
        Assert.Equal((64, 100_000L), (sum.Digest.Length, quota.Bytes));

        try
        {
            await client.RemoveAsync("/archive");
        }
        catch (FileException e) when (e.Reason == FileError.NotEmpty)
        {
            await client.RemoveAsync("/archive", recursive: true);
        }

        static void Show(string line) => Assert.NotEmpty(line);
    }

    private static string Squeeze(string code) => string.Join('\n', code.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
