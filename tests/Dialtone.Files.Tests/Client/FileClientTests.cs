using Dialtone.Files.Tests.Native;

namespace Dialtone.Files.Tests.Client;

public sealed class FileClientTests
{
    public static TheoryData<string, bool> Places() => new()
    {
        { "memory:", false }, { "memory:", true }, { "tcp://127.0.0.1:0", true }, { "tls://127.0.0.1:0", false }, { "tls://127.0.0.1:0", true },
    };

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tls://127.0.0.1:0")]
    public async Task Calls_that_block_move_files_and_can_be_called_off(string listen)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen, local: true);
        byte[] content = NativeShare.RandomBytes(3_000_001);
        using var cancel = new CancellationTokenSource();
        await Task.Factory.StartNew(MoveAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

        async Task MoveAsync()
        {
            await using FileClient client = await share.ConnectAsync(static options => options with { Dial = options.Dial with { Blocking = true } });
            await client.PutAsync(new MemoryStream(content), "/x", cancellationToken: cancel.Token);
            using var back = new MemoryStream();
            await client.GetAsync("/x", back, cancellationToken: cancel.Token);
            Assert.Equal(content, back.ToArray());

            // Nothing but the token ends a read for which nothing comes.
            NativeChannel channel = await client.RentAsync(cancel.Token);
            using var later = new Timer(_ => cancel.Cancel(), null, 100, Timeout.Infinite);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await channel.ReadReplyAsync(cancel.Token));
            await channel.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Files_of_every_size_go_there_and_come_back_the_same(string listen, bool local)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen, local);
        await using FileClient client = await share.ConnectAsync();
        foreach (int size in (int[])[0, 1, 4096, NativeLimits.SmallFile, NativeLimits.SmallFile + 1, 3_000_001])
        {
            byte[] content = NativeShare.RandomBytes(size, size);
            foreach (TransferDigest digest in Enum.GetValues<TransferDigest>())
            {
                TransferReport sent = await client.PutAsync(new MemoryStream(content), $"/f{size}", new PutOptions { Verify = digest });
                Assert.Equal(size, sent.Size);
                using var back = new MemoryStream();
                TransferReport got = await client.GetAsync($"/f{size}", back, new GetOptions { Verify = digest });
                Assert.Equal(content, back.ToArray());
                Assert.Equal(size, got.Size);
                Assert.Equal(digest == TransferDigest.Crc32C ? Crc32C.Compute(content) : null, got.Crc32C);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Local_files_keep_their_times_and_modes(string listen, bool local)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen, local);
        await using FileClient client = await share.ConnectAsync();
        string source = share.ScratchFile("in", NativeShare.RandomBytes(200_000));
        var time = new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(source, time);
        File.SetUnixFileMode(source, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await client.PutAsync(source, "in");
        RemoteEntry entry = await client.StatAsync("in");
        Assert.Equal(time, entry.Modified.UtcDateTime);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, entry.Mode);
        string target = Path.Combine(share.Scratch, "out");
        await client.GetAsync("in", target);
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(target));
        Assert.Equal(time, File.GetLastWriteTimeUtc(target));
        Assert.Equal(File.GetUnixFileMode(source), File.GetUnixFileMode(target));
        Assert.Equal(["in", "out"], Directory.EnumerateFileSystemEntries(share.Scratch).Select(Path.GetFileName).Order());
    }

    [Fact] // get X /dev/null put a file in the device's place
    public async Task A_pipe_or_device_that_stands_at_the_target_is_written_into_and_not_replaced()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await using FileClient client = await share.ConnectAsync();
        byte[] content = NativeShare.RandomBytes(300_000);
        await share.WriteAsync("/x", content);
        string pipe = Path.Combine(share.Scratch, "pipe"), link = Path.Combine(share.Scratch, "link");
        Host.MakePipe(pipe);
        File.CreateSymbolicLink(link, pipe);
        foreach (string target in (string[])[pipe, link])
        {
            Task<byte[]> reading = Task.Run(() => ReadAllAsync(pipe));
            TransferReport report = await client.GetAsync("/x", target);
            Assert.Equal(content, await reading);
            Assert.Equal(content.Length, report.Moved);
        }

        Assert.Equal(["link", "pipe"], Directory.EnumerateFileSystemEntries(share.Scratch).Select(Path.GetFileName).Order());
        Assert.NotNull(File.ResolveLinkTarget(link, returnFinalTarget: false));

        static async Task<byte[]> ReadAllAsync(string pipe)
        {
            using var all = new MemoryStream();
            await using var reader = new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            await reader.CopyToAsync(all);
            return all.ToArray();
        }
    }

    [Fact]
    public async Task A_stream_of_unknown_length_goes_in_chunks()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using FileClient client = await share.ConnectAsync();
        byte[] content = NativeShare.RandomBytes(1_000_000);
        TransferReport report = await client.PutAsync(new OneWayStream(content), "/x");
        Assert.Equal(content.Length, report.Size);
        Assert.Equal(content, await share.ReadAsync("/x"));
    }

    [Fact]
    public async Task A_part_of_a_file_can_be_got()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using FileClient client = await share.ConnectAsync();
        byte[] content = NativeShare.RandomBytes(500_000);
        await share.WriteAsync("/x", content);
        using var part = new MemoryStream();
        await client.GetAsync("/x", part, new GetOptions { Offset = 1000, Length = 300_000 });
        Assert.Equal(content[1000..301_000], part.ToArray());
    }

    [Fact]
    public async Task Every_short_request_does_what_it_says()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await using FileClient client = await share.ConnectAsync();
        await client.MakeFolderAsync("/a/b", parents: true);
        await client.PutAsync(new MemoryStream("hello"u8.ToArray()), "/a/b/one");
        await client.CopyAsync("/a/b/one", "/a/two");
        await client.RenameAsync("/a/two", "/a/three");
        await client.SetAttributesAsync("/a/three", DateTimeOffset.UnixEpoch.AddDays(1), UnixFileMode.UserRead);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddDays(1), (await client.StatAsync("a/three")).Modified);
        var paths = new List<string>();
        await foreach (RemoteEntry entry in client.ListAsync("", recursive: true))
            paths.Add(entry.Path);
        Assert.Equal(["a", "a/b", "a/b/one", "a/three"], paths);
        RemoteSum sum = await client.SumAsync("/a/three");
        Assert.Equal(("9a71bb4c", 5L), (sum.Digest, sum.Total));
        Assert.Equal("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", (await client.SumAsync("/a/three", TransferDigest.Sha256)).Digest);
        RemoteQuota quota = await client.QuotaAsync();
        Assert.Equal((10L, 2L), (quota.Bytes, quota.Files));
        await client.RemoveAsync("/a", recursive: true);
        Assert.Equal(FileError.NotFound, (await Assert.ThrowsAsync<FileException>(() => client.StatAsync("/a"))).Reason);
        await client.PingAsync();
        Assert.Equal(FileRights.All, (await client.WhoAmIAsync()).Rights);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tls://127.0.0.1:0")]
    public async Task A_password_logs_in_and_a_wrong_one_does_not(string listen)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen, anonymous: FileRights.None);
        await using FileClient client = await share.ConnectAsync();
        Assert.Equal(FileRights.None, client.ServerInfo.Rights);
        Assert.Equal(FileError.LoginRequired, (await Assert.ThrowsAsync<FileException>(() => client.StatAsync("/"))).Reason);
        Assert.Equal(FileError.LoginFailed, (await Assert.ThrowsAsync<FileException>(() => client.LoginAsync(NativeShare.User, "wrong"))).Reason);
        await client.LoginAsync(NativeShare.User, NativeShare.Password);
        Assert.Equal(NativeShare.User, client.ServerInfo.User);
        Assert.Equal(FileKind.Folder, (await client.StatAsync("/")).Kind);
    }

    [Fact]
    public async Task A_key_logs_in()
    {
        string scratch = Directory.CreateTempSubdirectory("dialtone-key-").FullName;
        using var key = ClientKey.Create(Path.Combine(scratch, "key.pem"), "alice");
        await using NativeShare share = await NativeShare.StartAsync(
            "tls://127.0.0.1:0",
            anonymous: FileRights.None,
            configure: options => options with
            {
                Accounts = new AccountList(new Account { Name = "alice", Home = VirtualPath.Root, Keys = [CertificateFingerprint.Of(key)] }),
            },
            configureServer: options => options with { Tls = options.Tls! with { ClientCertificates = ClientCertificateMode.Allowed } });
        await using FileClient client = await share.ConnectAsync(options => options with
        {
            Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure, Key = key } },
        });
        await client.LoginWithKeyAsync();
        Assert.Equal("alice", client.ServerInfo.User);
        Directory.Delete(scratch, recursive: true);
    }

    [Fact]
    public async Task Cancelling_a_short_request_leaves_the_connection_usable()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using FileClient client = await share.ConnectAsync();
        int connections = share.Server.ActiveConnections;
        for (int round = 0; round < 20; round++)
        {
            using var cancel = new CancellationTokenSource();
            Task<RemoteEntry> stat = client.StatAsync("/", cancel.Token);
            await cancel.CancelAsync();
            try
            {
                await stat;
            }
            catch (OperationCanceledException)
            {
                // It may have been faster.
            }

            Assert.Equal(FileKind.Folder, (await client.StatAsync("/")).Kind);
        }

        Assert.Equal(connections, share.Server.ActiveConnections);
    }

    [Fact]
    public async Task Cancelling_a_put_leaves_nothing_to_see_and_the_client_goes_on()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using FileClient client = await share.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var source = new StallingStream(300_000, cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PutAsync(source, "/x", cancellationToken: cancel.Token));
        Assert.Null(await share.ReadAsync("/x"));
        Assert.Equal(FileKind.Folder, (await client.StatAsync("/")).Kind);
    }

    [Fact]
    public async Task A_source_that_ends_too_soon_fails_its_put_and_no_other()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        await using FileClient client = await share.ConnectAsync();
        for (int round = 0; round < 5; round++)
        {
            FileException refusal = await Assert.ThrowsAsync<FileException>(() => client.PutAsync(new ShortStream(300_000), "/x"));
            Assert.Equal(FileError.Changed, refusal.Reason);
            await client.PutAsync(new MemoryStream(new byte[1000]), $"/{round}");
        }

        Assert.Null(await share.ReadAsync("/x"));
    }

    [Fact]
    public async Task A_put_over_quota_is_told_as_such_however_long()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", configure: options => options with { ShareQuota = new Quota(1_000_000, null) });
        await using FileClient client = await share.ConnectAsync();
        foreach (int size in (int[])[1_000_001, 20_000_000])
        {
            FileException refusal = await Assert.ThrowsAsync<FileException>(() => client.PutAsync(new MemoryStream(new byte[size]), "/x"));
            Assert.Equal(FileError.QuotaExceeded, refusal.Reason);
        }

        await client.PutAsync(new MemoryStream(new byte[1_000_000]), "/x");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_interrupted_put_is_continued_and_only_if_its_beginning_is_the_same(bool same)
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        byte[] content = NativeShare.RandomBytes(2_000_000);
        await InterruptAsync(share, content);
        if (!same)
            content[5]++;
        await using FileClient client = await share.ConnectAsync();
        TransferReport report = await client.PutAsync(new MemoryStream(content), "/x", new PutOptions { Resume = true });
        Assert.Equal(content, await share.ReadAsync("/x"));
        Assert.Equal(same ? 1_000_000 : 2_000_000, report.Moved);
    }

    [Fact]
    public async Task An_interrupted_get_is_continued_and_not_onto_another_version()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        byte[] content = NativeShare.RandomBytes(2_000_000);
        await share.WriteAsync("/x", content);
        await using FileClient slow = await share.ConnectAsync(options => options with { RateLimit = 4_000_000 });
        string target = Path.Combine(share.Scratch, "x");
        using var cancel = new CancellationTokenSource();
        var seen = new Watch(progress => progress.Bytes > 500_000, cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => slow.GetAsync("/x", target, new GetOptions { Resume = true }, seen, cancel.Token));
        await using FileClient client = await share.ConnectAsync();
        Assert.False(File.Exists(target));
        string part = Assert.Single(Directory.GetFiles(share.Scratch));
        long kept = new FileInfo(part).Length;
        Assert.InRange(kept, 1, content.Length);
        TransferReport report = await client.GetAsync("/x", target, new GetOptions { Resume = true });
        Assert.Equal(content, File.ReadAllBytes(target));
        Assert.Equal(content.Length - kept, report.Moved);

        File.WriteAllBytes(part, content[..1_000_000]);
        content[3]++;
        await share.WriteAsync("/x", content);
        report = await client.GetAsync("/x", target, new GetOptions { Resume = true });
        Assert.Equal(content, File.ReadAllBytes(target));
        Assert.Equal(content.Length, report.Moved);
        Assert.Equal([target], Directory.GetFiles(share.Scratch));
    }

    [Fact]
    public async Task Progress_ends_with_everything_done()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using FileClient client = await share.ConnectAsync();
        var seen = new Watch(static _ => false, null);
        await client.PutAsync(new MemoryStream(new byte[5_000_000]), "/x", progress: seen);
        Assert.Equal(new TransferProgress(5_000_000, 5_000_000, 1, 1, "/x"), seen.Last);
    }

    [Fact]
    public async Task A_rate_limit_is_kept()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await share.WriteAsync("/x", new byte[600_000]);
        await using FileClient client = await share.ConnectAsync(options => options with { RateLimit = 1_000_000 });
        long started = TimeProvider.System.GetTimestamp();
        await client.GetAsync("/x", Stream.Null);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.4, 60);
    }

    [Fact]
    public async Task A_connection_that_broke_is_replaced_by_the_next_call_log_in_included()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", anonymous: FileRights.None);
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(share.Address);
        await using FileClient client = await share.ConnectAsync(address: proxy.Address);
        await client.LoginAsync(NativeShare.User, NativeShare.Password);
        proxy.ResetAll();
        try
        {
            await client.PingAsync();
        }
        catch (TransportException)
        {
            // Told, where it was not seen before.
        }

        Assert.Equal(NativeShare.User, (await client.WhoAmIAsync()).User);
    }

    internal static async Task InterruptAsync(NativeShare share, byte[] content)
    {
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync($$"""{"id":1,"cmd":"put","path":"/x","size":{{content.Length}},"keep":true}""");
        await call.SendAsync(content[..1_000_000]);
        await call.FinishAsync();
        await call.ExpectEndAsync();
    }
}

/// <summary>A stream that can only be read, and does not know its length.</summary>
internal sealed class OneWayStream(byte[] content) : MemoryStream(content)
{
    public override bool CanSeek => false;
}

/// <summary>Gives so many bytes, and then cancels.</summary>
internal sealed class StallingStream(int bytes, CancellationTokenSource cancel) : MemoryStream(new byte[bytes * 2])
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= bytes)
            await cancel.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return await base.ReadAsync(buffer, cancellationToken);
    }
}

/// <summary>Remembers the last report, on the spot, and may cancel.</summary>
internal sealed class Watch(Func<TransferProgress, bool> stop, CancellationTokenSource? cancel) : IProgress<TransferProgress>
{
    public TransferProgress Last { get; private set; }

    public void Report(TransferProgress value)
    {
        Last = value;
        if (stop(value))
            cancel?.Cancel();
    }
}

/// <summary>Has half of what it says.</summary>
internal sealed class ShortStream(int length) : MemoryStream(new byte[length / 2])
{
    public override long Length => length;
}
