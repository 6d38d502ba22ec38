using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

public sealed class StagingTests : IDisposable
{
    private readonly Playground _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact] // J16
    public async Task A_sweep_removes_what_is_ours_and_old_and_nothing_else()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using LocalFileStore store = _ground.Open(new LocalFileStoreOptions { Time = time });
        for (int i = 0; i < 1000; i++)
            File.WriteAllText(Path.Combine(_ground.Uploads, $"{i:x32}"), "left by a crash");
        string other = new('a', 32);
        File.CreateSymbolicLink(Path.Combine(_ground.Uploads, other), Path.Combine(_ground.Outside, "secret"));
        File.WriteAllText(Path.Combine(_ground.Uploads, new string('b', 32) + ".json"), "a record of nothing");
        File.WriteAllText(Path.Combine(_ground.Uploads, new string('c', 32) + ".new"), "half a record");
        File.WriteAllText(Path.Combine(_ground.Uploads, "README"), "not ours");
        Directory.CreateDirectory(Path.Combine(_ground.Uploads, new string('d', 32)));
        var live = new List<IStagedFile>();
        for (int i = 0; i < 10; i++)
            live.Add(await store.StageAsync(null, i < 5 ? default : "record"u8.ToArray()));
        foreach (IStagedFile kept in live[8..])
            await kept.DisposeAsync();

        Assert.Equal(1002, await store.SweepAsync(TimeSpan.FromHours(24)));
        Assert.Equal(0, await store.SweepAsync(TimeSpan.FromHours(24)));
        Assert.Equal(10, live.Count(one => File.Exists(Path.Combine(_ground.Uploads, one.Id))));
        Assert.Contains("README", _ground.Staged);
        Assert.Contains(other, _ground.Staged);
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_ground.Outside, "secret")));

        time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(2, await store.SweepAsync(TimeSpan.FromHours(24)));
        Assert.Equal(3, (await store.StagedAsync()).Count);
        foreach (IStagedFile one in live)
            await one.DisposeAsync();
    }

    [Fact]
    public async Task What_was_begun_with_a_record_is_continued_by_another_process()
    {
        string id;
        using (LocalFileStore first = _ground.Open())
        {
            IStagedFile kept = await first.StageAsync(1_000_000, "whose"u8.ToArray());
            await kept.AppendAsync(new byte[300_000]);
            id = kept.Id; // and the process is gone: nothing is disposed
        }

        using LocalFileStore second = _ground.Open();
        Assert.Equal(0, await second.SweepAsync(TimeSpan.FromHours(1)));
        await using IStagedFile resumed = await second.ResumeAsync(id);
        Assert.Equal(300_000, resumed.Length);
        Assert.Equal("whose"u8.ToArray(), resumed.Record.ToArray());
        await resumed.AppendAsync(new byte[700_000]);
        await second.PublishAsync(resumed, At("/f"), new PublishOptions());
        Assert.Equal(1_000_000, new FileInfo(_ground["f"]).Length);
        Assert.Empty(_ground.Staged);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("second name")]
    [InlineData("no record")]
    [InlineData("empty record")]
    [InlineData("record is a link")]
    public async Task What_somebody_planted_in_staging_is_not_continued(string what)
    {
        using LocalFileStore store = _ground.Open();
        string id = new('e', 32), content = Path.Combine(_ground.Uploads, id), record = content + ".json", secret = Path.Combine(_ground.Outside, "secret");
        if (what != "no record")
            File.WriteAllText(record, what == "empty record" ? "" : "record");
        switch (what)
        {
            case "link":
                File.CreateSymbolicLink(content, secret);
                break;
            case "folder":
                Directory.CreateDirectory(content);
                break;
            case "second name":
                Host.Link(secret, content);
                break;
            case "record is a link":
                File.Delete(record);
                File.CreateSymbolicLink(record, secret);
                goto default;
            default:
                File.WriteAllText(content, "content");
                break;
        }

        await RefusesAsync(FileError.NoSuchUpload, () => store.ResumeAsync(id));
        Assert.Equal("secret", File.ReadAllText(secret));
    }

    [Fact] // J15: dead at any call of a sweep, any number of times
    public async Task Recovery_that_is_interrupted_anywhere_comes_to_the_same_end()
    {
        for (int dead = 1; dead < 60; dead += 3)
        {
            using (LocalFileStore store = _ground.Open())
            {
                for (int i = 0; i < 5; i++)
                    File.WriteAllText(Path.Combine(_ground.Uploads, $"{i:x32}"), "left");
            }

            try
            {
                using var dying = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((_, number) => number >= dead ? Errno.Io : 0));
                await dying.SweepAsync(TimeSpan.Zero);
            }
            catch (FileException)
            {
            }
        }

        using LocalFileStore last = _ground.Open();
        await last.SweepAsync(TimeSpan.Zero);
        Assert.Empty(_ground.Staged);
    }

    [Fact] // J07: never asked a second time
    public async Task Content_the_disk_did_not_confirm_is_lost_and_not_asked_about_again()
    {
        int syncs = 0;
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) => call == "fsync" && syncs++ == 0 ? Errno.Io : 0));
        await using IStagedFile staged = await store.StageAsync(null, "record"u8.ToArray());
        await staged.AppendAsync(new byte[100]);
        await RefusesAsync(FileError.Failed, () => store.PublishAsync(staged, At("/f"), new PublishOptions()));
        Assert.Equal((1, 0), (syncs, staged.Length));
        Assert.False(File.Exists(_ground["f"]));

        await staged.AppendAsync("again"u8.ToArray());
        await store.PublishAsync(staged, At("/f"), new PublishOptions());
        Assert.Equal("again", File.ReadAllText(_ground["f"]));
    }

    [Fact] // J08
    public async Task A_folder_the_disk_did_not_confirm_is_told_and_what_stands_there_stays_charged()
    {
        int syncs = 0, charged = 0;
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) => call == "fsync" && ++syncs == 2 ? Errno.Io : 0));
        var refusal = await Assert.ThrowsAsync<FileException>(() => store.PutAsync("/f", "f", new PublishOptions { Charge = _ => charged++, Undo = () => charged-- }));
        Assert.Contains("unknown", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, charged);
        Assert.Equal("f", await store.ReadTextAsync("/f"));
        Assert.Empty(_ground.Staged);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Errno.Io)]
    public async Task Many_small_files_share_one_sync_and_all_fail_if_it_does(int error)
    {
        int together = 0, alone = 0;
        using var gate = new ManualResetEventSlim();
        using var isBusy = new ManualResetEventSlim();
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) =>
        {
            if (call == "fsync" && ++alone == 1)
            {
                isBusy.Set();
                gate.Wait(); // the first group; the rest gathers behind it
            }

            together += call == "syncfs" ? 1 : 0;
            return call == "syncfs" ? error : 0;
        }));
        Task<PublishedFile> first = store.PutAsync("/first", "1");
        isBusy.Wait();
        Task<PublishedFile>[] rest = [.. Enumerable.Range(0, 500).Select(i => store.PutAsync($"/{i}", $"{i}"))];
        gate.Set();
        await first;
        if (error == 0)
        {
            await Task.WhenAll(rest);
            Assert.Equal("499", await store.ReadTextAsync("/499"));
        }
        else
        {
            foreach (Task<PublishedFile> one in rest)
                await RefusesTaskAsync(FileError.Failed, () => one);
            Assert.Equal(["first"], await store.NamesAsync("/"));
        }

        Assert.Equal(1, together);
        Assert.InRange(alone, 2, 4);
        Assert.Empty(_ground.Staged);
    }

    [Fact]
    public async Task A_publishing_that_is_cancelled_before_its_turn_does_not_take_place()
    {
        using var gate = new ManualResetEventSlim();
        using var isBusy = new ManualResetEventSlim();
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, number) =>
        {
            if (call == "fsync")
            {
                isBusy.Set();
                gate.Wait();
            }

            return 0;
        }));
        Task<PublishedFile> first = store.PutAsync("/first", "1");
        isBusy.Wait();
        using var cancel = new CancellationTokenSource();
        IStagedFile staged = await store.StageAsync(null, default);
        ValueTask<PublishedFile> second = store.PublishAsync(staged, At("/second"), new PublishOptions(), cancel.Token);
        await staged.DisposeAsync();
        await cancel.CancelAsync();
        gate.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await second);
        await first;
        Assert.Equal(["first"], await store.NamesAsync("/"));
        Assert.Empty(_ground.Staged);
    }

    [Fact]
    public async Task What_is_queued_is_published_before_the_store_is_gone_and_later_content_is_refused()
    {
        LocalFileStore store = _ground.Open();
        IFileStore home = store.OpenFolder(At("/home"), create: true);
        Task<PublishedFile>[] queued = [.. Enumerable.Range(0, 50).Select(i => home.PutAsync($"/{i}", $"{i}"))];
        home.Dispose();
        IStagedFile late = await store.StageAsync(null, default);
        store.Dispose();
        await Task.WhenAll(queued);
        Assert.Equal(50, Directory.GetFiles(_ground["home"]).Length);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.PublishAsync(late, At("/late"), new PublishOptions()));
    }

    [Fact]
    public async Task Holes_stay_holes_and_room_that_was_reserved_is_given_back()
    {
        using LocalFileStore store = _ground.Open();
        await using IStagedFile staged = await store.StageAsync(64 << 20, default);
        await staged.AppendAsync(new byte[4096]);
        await staged.AppendHoleAsync(32 << 20);
        await staged.AppendAsync("end"u8.ToArray());
        await store.PublishAsync(staged, At("/sparse"), new PublishOptions());

        Assert.Equal((32 << 20) + 4096 + 3, new FileInfo(_ground["sparse"]).Length);
        Assert.Equal(0, Opened(_ground["sparse"], out long allocated));
        Assert.InRange(allocated, 1, 1 << 20);
    }

    [Fact]
    public async Task Files_beyond_four_gigabytes_are_kept_whole()
    {
        const long Hole = (5L << 30) + 1;
        using LocalFileStore store = _ground.Open();
        await using (IStagedFile staged = await store.StageAsync(null, default))
        {
            await staged.AppendHoleAsync(Hole);
            await staged.AppendAsync("end"u8.ToArray());
            await store.PublishAsync(staged, At("/large"), new PublishOptions());
        }

        using IStoredFile large = await store.OpenAsync(At("/large"));
        var end = new byte[8];
        Assert.Equal((Hole + 3, 5), (large.Entry.Size, await large.ReadAsync(Hole - 2, end)));
        Assert.Equal("\0\0end"u8.ToArray(), end[..5]);
    }

    [Theory] // J21
    [InlineData(0)]
    [InlineData(Errno.CrossDevice)]
    [InlineData(Errno.NotSupported)]
    [InlineData(FaultyCalls.Short)]
    public async Task Copies_are_whole_whether_or_not_the_kernel_copies(int copy)
    {
        byte[] content = [.. Enumerable.Range(0, 700_001).Select(i => (byte)(i * 7))];
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) => call == "copy" ? copy : 0));
        await store.PutAsync("/a", content);
        using IStoredFile source = await store.OpenAsync(At("/a"));
        await using IStagedFile staged = await store.StageAsync(content.Length, default);
        await staged.AppendAsync(source, 0, content.Length);
        await store.PublishAsync(staged, At("/b"), new PublishOptions());
        Assert.Equal(content, await store.ReadAsync("/b"));
    }

    /// <summary>What the disk gives a file.</summary>
    internal static long AllocatedBytes(string path)
    {
        Assert.Equal(0, Opened(path, out long allocated));
        return allocated;
    }

    private static int Opened(string path, out long allocated)
    {
        int result = FileCalls.System.Open(null, System.Text.Encoding.UTF8.GetBytes(path + '\0'), OpenFlags.Reading, 0, out var file);
        using (file)
        {
            FileCalls.System.Stat(file, NativeName.Itself, out FileStatus status);
            allocated = status.Allocated;
            return result;
        }
    }
}
