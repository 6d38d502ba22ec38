using System.Text;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>What every store promises. Each runs it.</summary>
public abstract class StoreConformance
{
    private static readonly byte[] ARecord = [1, 2, 3];

    protected abstract IFileStore Store { get; }

    [Fact]
    public async Task What_was_published_is_read_listed_and_described()
    {
        var time = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_567);
        PublishedFile published = await Store.PutAsync("/a/b/name", "hello", new PublishOptions
        {
            MakeParents = true,
            Modified = time,
            Permissions = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.SetUser,
        });

        Assert.Equal(new FileEntry("name", FileKind.File, 5, time, UnixFileMode.UserRead | UnixFileMode.UserWrite), published.Entry);
        Assert.Equal(At("/a/b/name"), published.Path);
        Assert.Null(published.Replaced);
        Assert.Equal(published.Entry, await Store.StatAsync(At("/a/b/name")));
        Assert.Equal([published.Entry], await Store.ListAllAsync("/a/b"));
        Assert.Equal("hello", await Store.ReadTextAsync("/a/b/name"));
        Assert.Equal(FileKind.Folder, (await Store.StatAsync(At("/a/b"))).Kind);
        Assert.Equal(new StoreUsage(5, 1), await Store.MeasureAsync(VirtualPath.Root));
    }

    [Fact]
    public async Task The_root_is_a_folder_without_a_name_and_stays()
    {
        Assert.Equal(("", FileKind.Folder), ((await Store.StatAsync(VirtualPath.Root)).Name, (await Store.StatAsync(VirtualPath.Root)).Kind));
        await RefusesAsync(FileError.BadPath, () => Store.RemoveAsync(VirtualPath.Root, true, null));
        await RefusesAsync(FileError.BadPath, () => Store.RenameAsync(VirtualPath.Root, At("/x"), true));
        await RefusesAsync(FileError.Exists, () => Store.MakeFolderAsync(VirtualPath.Root, false));
        await Store.MakeFolderAsync(VirtualPath.Root, parents: true);
        await RefusesTaskAsync(FileError.IsFolder, () => Store.PutAsync("/", "x"));
        await RefusesAsync(FileError.IsFolder, () => Store.OpenAsync(VirtualPath.Root));
    }

    [Fact]
    public async Task Nothing_is_seen_before_it_is_published()
    {
        await using IStagedFile staged = await Store.StageAsync(3, default);
        await staged.AppendAsync("new"u8.ToArray());

        Assert.Empty(await Store.NamesAsync("/"));
        Assert.Equal(default, await Store.MeasureAsync(VirtualPath.Root));
        Assert.Equal(3, staged.Length);

        await Store.PublishAsync(staged, At("/f"), new PublishOptions());
        Assert.Equal(["f"], await Store.NamesAsync("/"));
    }

    [Fact]
    public async Task A_reader_keeps_the_version_it_opened()
    {
        await Store.PutAsync("/f", "old content");
        using IStoredFile reader = await Store.OpenAsync(At("/f"));

        PublishedFile published = await Store.PutAsync("/f", "new");
        await Store.RemoveAsync(At("/f"), false, null);

        var buffer = new byte[32];
        Assert.Equal(11, await reader.ReadAsync(0, buffer));
        Assert.Equal("old content", Encoding.UTF8.GetString(buffer, 0, 11));
        Assert.Equal(0, await reader.ReadAsync(11, buffer));
        Assert.Equal(11, published.Replaced!.Size);
    }

    [Fact]
    public async Task What_stands_in_the_way_is_replaced_refused_or_passed_by()
    {
        await Store.PutAsync("/f", "1");
        await Store.MakeFolderAsync(At("/d"), false);

        await RefusesTaskAsync(FileError.Exists, () => Store.PutAsync("/f", "2", new PublishOptions { Mode = PublishMode.CreateNew }));
        await RefusesTaskAsync(FileError.Exists, () => Store.PutAsync("/d", "2", new PublishOptions { Mode = PublishMode.CreateNew }));
        await RefusesTaskAsync(FileError.IsFolder, () => Store.PutAsync("/d", "2"));
        await RefusesTaskAsync(FileError.NotFolder, () => Store.PutAsync("/f/x", "2"));
        await RefusesTaskAsync(FileError.NotFolder, () => Store.PutAsync("/f/x", "2", new PublishOptions { MakeParents = true }));
        await RefusesTaskAsync(FileError.NotFound, () => Store.PutAsync("/none/x", "2"));
        var next = new PublishOptions { Mode = PublishMode.NextFreeName };
        Assert.Equal("/f.0", (await Store.PutAsync("/f", "3", next)).Path.ToString());
        Assert.Equal("/f.1", (await Store.PutAsync("/f", "4", next)).Path.ToString());
        PublishedFile beside = await Store.PutAsync("/d", "5", next);
        Assert.Equal(("/d.0", "d.0"), (beside.Path.ToString(), beside.Entry.Name));
        Assert.Equal("/new", (await Store.PutAsync("/new", "6", next)).Path.ToString());

        Assert.Equal("1", await Store.ReadTextAsync("/f"));
        Assert.Equal(["d", "d.0", "f", "f.0", "f.1", "new"], await Store.NamesAsync("/"));
    }

    [Fact]
    public async Task The_books_are_asked_once_and_told_of_failures()
    {
        var log = new List<string>();
        PublishOptions Options(PublishMode mode, bool refuse = false) => new()
        {
            Mode = mode,
            Charge = replaced =>
            {
                log.Add($"charge {replaced?.Size}");
                if (refuse)
                    throw new FileException(FileError.QuotaExceeded, "No.");
            },
            Undo = () => log.Add("undo"),
        };

        await Store.PutAsync("/f", "1", Options(PublishMode.CreateNew));
        await Store.PutAsync("/f", "22", Options(PublishMode.Replace));
        await Store.PutAsync("/f", "333", Options(PublishMode.NextFreeName));
        Assert.Equal(["charge ", "charge 1", "charge "], log);

        log.Clear();
        await RefusesTaskAsync(FileError.Exists, () => Store.PutAsync("/f", "4", Options(PublishMode.CreateNew)));
        await RefusesTaskAsync(FileError.NotFound, () => Store.PutAsync("/none/f", "4", Options(PublishMode.Replace)));
        Assert.Empty(log);
        await RefusesTaskAsync(FileError.QuotaExceeded, () => Store.PutAsync("/f", "4", Options(PublishMode.Replace, refuse: true)));
        Assert.Equal(["charge 2"], log);
        Assert.Equal("22", await Store.ReadTextAsync("/f"));
    }

    [Fact]
    public async Task Staged_content_is_appended_read_back_cut_and_given_holes()
    {
        await Store.PutAsync("/source", "0123456789");
        using IStoredFile source = await Store.OpenAsync(At("/source"));
        await using IStagedFile staged = await Store.StageAsync(null, default);
        await staged.AppendAsync("ab"u8.ToArray());
        await staged.AppendHoleAsync(100_000);
        await staged.AppendAsync("cd"u8.ToArray());
        await staged.AppendAsync(source, 3, 4);
        Assert.Equal(100_008, staged.Length);

        var back = new byte[8];
        Assert.Equal(8, await staged.ReadAsync(100_000, back));
        Assert.Equal("\0\0cd3456"u8.ToArray(), back);
        Assert.Equal(0, await staged.ReadAsync(100_008, back));
        await staged.TruncateAsync(100_003);
        await RefusesAsync(FileError.BadRange, () => staged.TruncateAsync(100_004));
        await RefusesAsync(FileError.Changed, () => staged.AppendAsync(source, 8, 3));
        await staged.TruncateAsync(100_003);
        await Store.PublishAsync(staged, At("/f"), new PublishOptions());

        byte[] content = await Store.ReadAsync("/f");
        Assert.Equal(100_003, content.Length);
        Assert.Equal("ab\0"u8.ToArray(), content[..3]);
        Assert.Equal("\0\0c"u8.ToArray(), content[^4..^1][..2].Append((byte)'c').ToArray());
        Assert.Equal((byte)'c', content[^1]);
        Assert.DoesNotContain(content[2..^1], value => value != 0);
    }

    [Fact]
    public async Task Content_without_a_record_ends_with_its_owner_and_content_with_one_is_continued()
    {
        IStagedFile forgotten = await Store.StageAsync(null, default);
        await forgotten.DisposeAsync();
        await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(forgotten.Id));

        IStagedFile kept = await Store.StageAsync(null, ARecord);
        await kept.AppendAsync("half"u8.ToArray());
        await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(kept.Id)); // held
        await kept.DisposeAsync();
        StagedEntry entry = Assert.Single(await Store.StagedAsync());
        Assert.Equal((kept.Id, 4), (entry.Id, entry.Length));
        Assert.Equal(ARecord, entry.Record.ToArray());

        await using IStagedFile resumed = await Store.ResumeAsync(kept.Id);
        Assert.Equal(4, resumed.Length);
        Assert.Equal(ARecord, resumed.Record.ToArray());
        await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(kept.Id));
        await resumed.AppendAsync("whole"u8.ToArray());
        await Store.PublishAsync(resumed, At("/f"), new PublishOptions());
        Assert.Equal("halfwhole", await Store.ReadTextAsync("/f"));
        Assert.Empty(await Store.StagedAsync());
        await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(kept.Id));
    }

    [Fact]
    public async Task Content_that_could_not_be_published_stays_its_owners_if_it_has_a_record()
    {
        await Store.MakeFolderAsync(At("/d"), false);
        await using (IStagedFile spent = await Store.StageAsync(null, default))
        {
            await RefusesAsync(FileError.IsFolder, () => Store.PublishAsync(spent, At("/d"), new PublishOptions()));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await spent.AppendAsync("x"u8.ToArray()));
        }

        await using IStagedFile kept = await Store.StageAsync(null, ARecord);
        await RefusesAsync(FileError.IsFolder, () => Store.PublishAsync(kept, At("/d"), new PublishOptions()));
        await kept.AppendAsync("more"u8.ToArray());
        await Store.PublishAsync(kept, At("/e"), new PublishOptions());
        Assert.Equal("more", await Store.ReadTextAsync("/e"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await kept.AppendAsync("x"u8.ToArray()));
        await kept.DisposeAsync();
        Assert.Equal("more", await Store.ReadTextAsync("/e"));
    }

    [Fact]
    public async Task Discarded_content_is_gone_record_and_all()
    {
        await using IStagedFile staged = await Store.StageAsync(null, ARecord);
        await staged.DiscardAsync();
        await staged.DiscardAsync();
        Assert.Empty(await Store.StagedAsync());
        await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(staged.Id));
        foreach (string id in (string[])["", "x", "../../etc/passwd", new string('0', 32), staged.Id.ToUpperInvariant(), staged.Id + "\0"])
            await RefusesAsync(FileError.NoSuchUpload, () => Store.ResumeAsync(id));
    }

    [Fact]
    public async Task A_sweep_takes_what_is_old_and_leaves_what_is_held()
    {
        await using IStagedFile held = await Store.StageAsync(null, ARecord);
        IStagedFile left = await Store.StageAsync(null, ARecord);
        await left.DisposeAsync();

        Assert.Equal(0, await Store.SweepAsync(TimeSpan.FromDays(1)));
        Assert.Equal(1, await Store.SweepAsync(TimeSpan.FromDays(-1)));
        Assert.Equal([held.Id], (await Store.StagedAsync()).Select(entry => entry.Id));
    }

    [Fact]
    public async Task Folders_are_made_alone_or_with_their_parents()
    {
        await RefusesAsync(FileError.NotFound, () => Store.MakeFolderAsync(At("/a/b/c"), false));
        await Store.MakeFolderAsync(At("/a/b/c"), parents: true);
        await Store.MakeFolderAsync(At("/a/b/c"), parents: true);
        await RefusesAsync(FileError.Exists, () => Store.MakeFolderAsync(At("/a/b"), false));
        await Store.PutAsync("/a/f", "");
        await RefusesAsync(FileError.Exists, () => Store.MakeFolderAsync(At("/a/f"), false));
        await RefusesAsync(FileError.NotFolder, () => Store.MakeFolderAsync(At("/a/f/g"), parents: true));
        await RefusesAsync(FileError.NotFolder, () => Store.MakeFolderAsync(At("/a/f"), parents: true));
        Assert.Equal(["b", "f"], await Store.NamesAsync("/a"));
    }

    [Fact]
    public async Task Removing_tells_of_every_file_that_is_gone()
    {
        await Store.PutAsync("/d/1", "1", new PublishOptions { MakeParents = true });
        await Store.PutAsync("/d/e/22", "22", new PublishOptions { MakeParents = true });
        await Store.MakeFolderAsync(At("/d/empty"), false);
        var gone = new List<string>();

        await RefusesAsync(FileError.NotEmpty, () => Store.RemoveAsync(At("/d"), false, entry => gone.Add(entry.Name)));
        Assert.Empty(gone);
        await Store.RemoveAsync(At("/d/empty"), false, entry => gone.Add(entry.Name));
        await Store.RemoveAsync(At("/d"), true, entry => gone.Add($"{entry.Name}:{entry.Size}"));

        Assert.Equal(["1:1", "22:2"], gone.Order(StringComparer.Ordinal));
        await RefusesAsync(FileError.NotFound, () => Store.StatAsync(At("/d")));
        await RefusesAsync(FileError.NotFound, () => Store.RemoveAsync(At("/d"), true, null));
        await RefusesAsync(FileError.NotFound, () => Store.ListAsync(At("/d"), null, 10));
    }

    [Fact]
    public async Task Renaming_moves_and_replaces_files_only_when_told()
    {
        await Store.PutAsync("/a", "a");
        await Store.PutAsync("/b", "bb");
        await Store.PutAsync("/d/x", "x", new PublishOptions { MakeParents = true });

        await RefusesAsync(FileError.Exists, () => Store.RenameAsync(At("/a"), At("/b"), false));
        await RefusesAsync(FileError.Exists, () => Store.RenameAsync(At("/a"), At("/d"), false));
        await RefusesAsync(FileError.IsFolder, () => Store.RenameAsync(At("/a"), At("/d"), true));
        await RefusesAsync(FileError.Exists, () => Store.RenameAsync(At("/d"), At("/a"), true));
        await RefusesAsync(FileError.BadPath, () => Store.RenameAsync(At("/d"), At("/d/y"), false));
        await RefusesAsync(FileError.NotFound, () => Store.RenameAsync(At("/none"), At("/y"), true));
        await RefusesAsync(FileError.NotFound, () => Store.RenameAsync(At("/a"), At("/none/y"), true));
        await RefusesAsync(FileError.NotFolder, () => Store.RenameAsync(At("/a"), At("/b/y"), true));
        Assert.Null(await Store.RenameAsync(At("/a"), At("/a"), true));
        Assert.Equal(2, (await Store.RenameAsync(At("/a"), At("/b"), true))!.Size);
        Assert.Null(await Store.RenameAsync(At("/b"), At("/d/c"), false));
        Assert.Null(await Store.RenameAsync(At("/d"), At("/e"), false));

        Assert.Equal(["e"], await Store.NamesAsync("/"));
        Assert.Equal("a", await Store.ReadTextAsync("/e/c"));
    }

    [Fact]
    public async Task Attributes_are_set_on_files_and_folders_and_set_id_bits_are_masked()
    {
        var time = new DateTimeOffset(1969, 12, 31, 23, 59, 58, TimeSpan.Zero).AddTicks(1);
        await Store.PutAsync("/f", "f");
        await Store.MakeFolderAsync(At("/d"), false);
        foreach (string path in (string[])["/f", "/d"])
        {
            await Store.SetAttributesAsync(At(path), time, (UnixFileMode)0b111_111_101_000);
            FileEntry entry = await Store.StatAsync(At(path));
            Assert.Equal((time, (UnixFileMode)0b111_101_000), (entry.Modified, entry.Mode));
            await Store.SetAttributesAsync(At(path), null, null);
            Assert.Equal(entry, await Store.StatAsync(At(path)));
        }

        await RefusesAsync(FileError.NotFound, () => Store.SetAttributesAsync(At("/none"), time, null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Pages_follow_each_other_in_the_order_of_bytes(int limit)
    {
        string[] names = ["A", "B.txt", "a", "a b", "aa", "e\u0301", "é", "ﬁ", "\uFFFD", "\U0001F600", "~", " ", "...", "%2e%2e", "CON", "x."];
        foreach (string name in names)
            await Store.PutAsync("/" + name, name);

        string[] expected = [.. names.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
        Assert.Equal(expected, await Store.NamesAsync("/", limit));
        Assert.Equal(expected[3..], (await Store.ListAsync(VirtualPath.Root, expected[2] + "\0", 100)).Entries.Select(entry => entry.Name));
        foreach (string name in names)
            Assert.Equal(name, await Store.ReadTextAsync("/" + name));
    }

    [Fact]
    public async Task The_store_of_a_folder_sees_nothing_above_it_and_shares_what_is_staged()
    {
        await Store.PutAsync("/top", "top");
        await RefusesTaskAsync(FileError.NotFound, async () => Store.OpenFolder(At("/home/alex"), create: false).Dispose());
        using IFileStore home = Store.OpenFolder(At("/home/alex"), create: true);
        await RefusesTaskAsync(FileError.NotFolder, async () => Store.OpenFolder(At("/top"), create: true).Dispose());
        await home.PutAsync("/f", "f");

        Assert.Equal(["f"], await home.NamesAsync("/"));
        Assert.Equal("f", await Store.ReadTextAsync("/home/alex/f"));
        await RefusesAsync(FileError.NotFound, () => home.StatAsync(At("/../top")));
        IStagedFile staged = await home.StageAsync(null, ARecord);
        await staged.DisposeAsync();
        await using IStagedFile resumed = await Store.ResumeAsync(staged.Id);

        await Store.RenameAsync(At("/home/alex"), At("/moved"), false);
        await Store.MakeFolderAsync(At("/home/alex"), false);
        Assert.Equal(["f"], await home.NamesAsync("/"));
        await Store.PublishAsync(resumed, At("/r"), new PublishOptions());
    }

    [Fact]
    public async Task Eight_writers_of_one_name_leave_one_of_them_whole()
    {
        byte[][] contents = [.. Enumerable.Range(0, 8).Select(i => Enumerable.Repeat((byte)i, 300_000).ToArray())];
        await Task.WhenAll(contents.Select(content => Task.Run(() => Store.PutAsync("/f", content))));

        byte[] winner = await Store.ReadAsync("/f");
        Assert.Contains(contents, content => content.AsSpan().SequenceEqual(winner));
        Assert.Equal(new StoreUsage(300_000, 1), await Store.MeasureAsync(VirtualPath.Root));
    }

    [Fact]
    public async Task Of_many_who_create_one_name_exactly_one_does()
    {
        int created = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            try
            {
                await Store.PutAsync("/f", $"{i}", new PublishOptions { Mode = PublishMode.CreateNew });
                Interlocked.Increment(ref created);
            }
            catch (FileException e)
            {
                Assert.Equal(FileError.Exists, e.Reason);
            }
        })));
        Assert.Equal(1, created);
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.MakeFolderAsync(At("/d"), false, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.StageAsync(null, default, cancelled));
        Assert.Empty(await Store.NamesAsync("/"));
    }
}
