using System.Diagnostics;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

public sealed class JailOptionTests : IDisposable
{
    private readonly Playground _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact] // A22
    public async Task A_busy_kernel_is_asked_again_a_bounded_number_of_times()
    {
        File.WriteAllText(_ground["f"], "f");
        int left = 100;
        using (var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) => call == "openat2" && left-- > 0 ? Errno.TryAgain : 0)))
            Assert.Equal("f", await store.ReadTextAsync("/f"));

        var calls = FaultyCalls.Without("openat2", Errno.TryAgain);
        using (var store = LocalFileStore.Open(_ground.Inside, null, calls))
        {
            int before = calls.Count;
            await RefusesAsync(FileError.Failed, () => store.OpenAsync(At("/f")));
            Assert.InRange(calls.Count - before, 2, 200);
        }
    }

    [Fact] // A25
    public async Task Files_with_several_names_are_refused_when_told_so()
    {
        File.WriteAllText(_ground["one"], "1");
        Host.Link(_ground["one"], _ground["two"]);
        using (LocalFileStore store = _ground.Open())
            Assert.Equal("1", await store.ReadTextAsync("/two"));
        using (LocalFileStore store = _ground.Open(new LocalFileStoreOptions { RefuseHardLinks = true }))
        {
            await RefusesAsync(FileError.NotRegular, () => store.OpenAsync(At("/two")));
            await store.RemoveAsync(At("/one"), false, null);
            Assert.Equal("1", await store.ReadTextAsync("/two"));
        }
    }

    [Fact]
    public async Task Renaming_one_name_of_a_file_over_another_leaves_one()
    {
        File.WriteAllText(_ground["one"], "1");
        Host.Link(_ground["one"], _ground["two"]);
        using LocalFileStore store = _ground.Open();
        Assert.Equal("two", (await store.RenameAsync(At("/one"), At("/two"), overwrite: true))?.Name);
        Assert.Equal(["two"], await store.NamesAsync("/"));
        Assert.Equal("1", await store.ReadTextAsync("/two"));
    }

    [Fact] // A30
    public async Task Uploads_and_folders_get_what_the_process_gives_and_never_a_set_id_bit()
    {
        using LocalFileStore store = _ground.Open();
        await store.PutAsync("/f", "f", new PublishOptions { Permissions = (UnixFileMode)0b110_111_111_111 });
        Assert.Equal((UnixFileMode)0b111_111_111, Playground.ModeOf(_ground["f"]));
        await store.SetAttributesAsync(At("/f"), null, (UnixFileMode)0b111_000_000_000);
        Assert.Equal(UnixFileMode.None, Playground.ModeOf(_ground["f"]));
        File.WriteAllText(_ground["usual"], "");
        await store.PutAsync("/g", "g");
        Assert.Equal(Playground.ModeOf(_ground["usual"]), Playground.ModeOf(_ground["g"]));
    }

    [Theory] // J22
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(253402300800)]
    [InlineData(-62135596801)]
    public void Every_time_a_disk_can_hold_is_told_as_the_nearest_there_is(long seconds)
    {
        DateTimeOffset time = new FileTime(seconds, 999_999_999).ToDateTimeOffset();
        Assert.InRange(time, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        if (seconds is >= -1 and <= 0)
            Assert.Equal(seconds, time.ToUnixTimeSeconds());
    }

    [Fact] // J22
    public async Task Times_far_away_are_set_and_read_without_a_crash()
    {
        using LocalFileStore store = _ground.Open();
        foreach (DateTimeOffset time in (DateTimeOffset[])[DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch.AddTicks(-1)])
        {
            await store.PutAsync("/f", "f", new PublishOptions { Modified = time });
            Assert.NotEmpty((await store.StatAsync(At("/f"))).Modified.ToString("O"));
            Assert.Equal(time, FileTime.From(time).ToDateTimeOffset(), TimeSpan.FromTicks(9_999_999)); // the last second of year 9999 is one
        }

        await store.SetAttributesAsync(At("/f"), DateTimeOffset.UnixEpoch.AddTicks(-1), null);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(-1), (await store.StatAsync(At("/f"))).Modified);
    }

    [Fact]
    public async Task A_second_server_on_one_folder_is_refused()
    {
        using (LocalFileStore first = _ground.Open())
        {
            await first.PutAsync("/f", "f");
            Assert.Contains("Another server", Assert.Throws<FileException>(() => _ground.Open()).Message, StringComparison.Ordinal);
        }

        LocalFileStore second = _ground.Open();
        second.Dispose();
        second.Dispose();
    }

    [Theory]
    [InlineData("link")]
    [InlineData("file")]
    public void A_staging_folder_that_is_not_our_own_is_refused_at_start(string kind)
    {
        if (kind == "link")
            Directory.CreateSymbolicLink(_ground[".dialtone"], _ground.Outside);
        else
            File.WriteAllText(_ground[".dialtone"], "");
        Assert.Contains(".dialtone", Assert.Throws<FileException>(() => _ground.Open()).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_ground.Outside, "inner")));
    }

    [Theory]
    [InlineData("mkdir", Errno.ReadOnlyDisk)]
    [InlineData("mkdir", Errno.Access)]
    public async Task A_folder_that_cannot_be_written_is_only_read(string call, int error)
    {
        File.WriteAllText(_ground["f"], "f");
        using var store = LocalFileStore.Open(_ground.Inside, null, FaultyCalls.Without(call, error));
        Assert.Equal("f", await store.ReadTextAsync("/f"));
        await RefusesAsync(FileError.ReadOnly, () => store.StageAsync(null, default));
        await RefusesAsync(FileError.NoSuchUpload, () => store.ResumeAsync("x"));
        Assert.Equal(0, await store.SweepAsync(TimeSpan.Zero));
        Assert.Empty(await store.StagedAsync());
    }

    [Fact] // A21: the flags are proved on the running kernel
    public void A_kernel_that_follows_links_it_should_not_is_not_trusted()
    {
        Assert.True(OpenFlags.SelfTest(FileCalls.System));
        Assert.False(OpenFlags.SelfTest(new FaultyCalls((_, number) => number == 2 ? Errno.Io : 0)));
    }

    [Fact] // A20, J20
    public async Task Mounts_below_the_root_are_read_and_not_published_into_or_out_of_reach_altogether()
    {
        using Mount mount = Mount.Memory(_ground["mounted"], "1m");
        File.WriteAllText(_ground["mounted/f"], "f");
        File.WriteAllText(_ground["here"], "x");
        foreach (FileCalls calls in (FileCalls[])[FileCalls.System, FaultyCalls.Without("openat2", Errno.NoSystemCall)])
        {
            using (var store = LocalFileStore.Open(_ground.Inside, null, calls))
            {
                Assert.Equal("f", await store.ReadTextAsync("/mounted/f"));
                await RefusesTaskAsync(FileError.Unsupported, () => store.PutAsync("/mounted/g", "g"));
                await RefusesAsync(FileError.Unsupported, () => store.RenameAsync(At("/here"), At("/mounted/here"), false));
                Assert.Empty(_ground.Staged);
            }

            using (var store = LocalFileStore.Open(_ground.Inside, new LocalFileStoreOptions { RefuseMounts = true }, calls))
            {
                foreach ((string name, Func<IFileStore, VirtualPath, Task> operation) in StoreOperations.All.Where(one => one.Key is "open" or "create" or "remove" or "set mode"))
                    Assert.True((await Record.ExceptionAsync(() => operation(store, At("/mounted/f"))) as FileException)?.Reason == FileError.NotFound, name);
            }
        }
    }

    [Fact] // J20
    public void Staging_on_another_disk_is_refused_at_start()
    {
        using Mount mount = Mount.Memory(_ground[".dialtone"], "1m");
        Assert.Contains("another file system", Assert.Throws<FileException>(() => _ground.Open()).Message, StringComparison.Ordinal);
    }

    [Fact] // A21: the real call, refused by the kernel's side
    public async Task The_fallback_is_found_when_the_kernel_has_no_openat2()
    {
        File.CreateSymbolicLink(_ground["link"], _ground.Outside);
        int asked = 0, walked = 0;
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) =>
        {
            asked += call == "openat2" ? 1 : 0;
            walked += call == "open" ? 1 : 0;
            return call == "openat2" && asked % 2 == 1 ? Errno.NoSystemCall : 0; // comes and goes: nothing is remembered
        }));
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 10; i++)
            await RefusesAsync(FileError.NotFound, () => store.ListAsync(At("/link"), null, 1));
        Assert.Equal(10, asked);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
    }
}
