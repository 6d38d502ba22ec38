using System.Security.Cryptography;
using System.Text;
using static Dialtone.Files.Tests.SessionSteps;

namespace Dialtone.Files.Tests;

public sealed class SessionTests
{
    [Fact]
    public async Task Each_right_allows_what_it_names_and_nothing_else()
    {
        (FileRights Right, Func<FileSession, ValueTask> Act)[] acts =
        [
            (FileRights.List, async session => await session.ListAsync("/d".At())),
            (FileRights.Read, async session => await (await session.OpenAsync("/d/f".At())).DisposeAsync()),
            (FileRights.Read, async session => await session.SumAsync("/d/f".At())),
            (FileRights.Create, async session => await session.PutAsync("/d/new", 1)),
            (FileRights.Create, async session => await session.PutAsync("/d/new", 1, mode: PublishMode.CreateNew)),
            (FileRights.Create, async session => await session.PutAsync("/d/f", 1, mode: PublishMode.NextFreeName)),
            (FileRights.Overwrite, async session => await session.PutAsync("/d/f", 2)),
            (FileRights.Overwrite, session => session.SetAttributesAsync("/d/f".At(), DateTimeOffset.UnixEpoch, null)),
            (FileRights.Delete, session => session.RemoveAsync("/d/f".At())),
            (FileRights.Delete, session => session.RemoveAsync("/d".At(), recursive: true)),
            (FileRights.MakeFolder, session => session.MakeFolderAsync("/d/e".At())),
            (FileRights.Rename | FileRights.Create, session => session.RenameAsync("/d/f".At(), "/d/g".At())),
            (FileRights.Read | FileRights.Create, session => session.CopyAsync("/d/f".At(), "/d/g".At())),
        ];
        foreach ((FileRights needed, Func<FileSession, ValueTask> act) in acts)
        {
            for (int bit = 0; bit < 7; bit++)
            {
                await CheckAsync((FileRights)(1 << bit), needed, act);
                await CheckAsync(FileRights.All & ~(FileRights)(1 << bit), needed, act);
            }
        }

        static async Task CheckAsync(FileRights given, FileRights needed, Func<FileSession, ValueTask> act)
        {
            await using TestShare share = await TestShare.StartAsync(
                TestShare.User("owner", home: "/home"),
                TestShare.User("guest", home: "/home", rights: $"/=list; /d={FileRightsText.Format(given)}"));
            await using FileSession owner = share.Login("owner");
            await owner.PutAsync("/d/f", 1);
            await using FileSession guest = share.Login("guest");
            if ((given & needed) == needed)
                await act(guest);
            else
                await RefusesAsync(FileError.Denied, async () => await act(guest));
        }
    }

    [Fact]
    public async Task What_is_forbidden_looks_the_same_whether_it_exists_or_not()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("owner", home: "/home"), TestShare.User("guest", home: "/home", rights: "/=list; /secret=none"));
        await using FileSession owner = share.Login("owner");
        await owner.PutAsync("/secret/there", 1);
        await using FileSession guest = share.Login("guest");

        foreach (string path in new[] { "/secret/there", "/secret/absent" })
        {
            await RefusesAsync(FileError.Denied, async () => await guest.StatAsync(path.At()));
            await RefusesAsync(FileError.Denied, async () => await guest.OpenAsync(path.At()));
            await RefusesAsync(FileError.Denied, async () => await guest.PutAsync(path, 1));
            await RefusesAsync(FileError.Denied, async () => await guest.RemoveAsync(path.At()));
            await RefusesAsync(FileError.Denied, async () => await guest.RenameAsync(path.At(), "/x".At()));
        }
    }

    [Fact]
    public async Task A_tree_with_a_protected_folder_in_it_is_neither_removed_nor_moved()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("owner", home: "/home"), TestShare.User("guest", home: "/home", rights: "/=all; /d/keep=list,read"));
        await using FileSession owner = share.Login("owner");
        await owner.PutAsync("/d/keep/f", 1);
        await using FileSession guest = share.Login("guest");

        await RefusesAsync(FileError.Denied, async () => await guest.RemoveAsync("/d".At(), recursive: true));
        await RefusesAsync(FileError.Denied, async () => await guest.RenameAsync("/d".At(), "/e".At()));
        await RefusesAsync(FileError.Denied, async () => await guest.PutAsync("/d/keep/new/g", 1));
    }

    [Fact] // A03: the trap of a home whose name begins like another's
    public async Task A_home_is_a_root_and_alex_never_sees_alex2()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"), TestShare.User("alex2"));
        await using FileSession alex2 = share.Login("alex2");
        await alex2.PutTextAsync("/f", "secret");
        await using FileSession alex = share.Login("alex");

        Assert.Equal(VirtualPath.Root, alex.Resolve("../../.."));
        await RefusesAsync(FileError.NotFound, async () => await alex.StatAsync(alex.Resolve("../alex2/f")));
        await RefusesAsync(FileError.NotFound, async () => await alex.StatAsync(alex.Resolve("/alex2/f")));
        await alex.MakeFolderAsync("/a/b".At(), parents: true);
        await alex.ChangeFolderAsync("/a/b".At());
        Assert.Equal("/a/b/c", alex.Resolve("c").ToString());
        await RefusesAsync(FileError.NotFound, async () => await alex.ChangeFolderAsync("/absent".At()));
        Assert.Equal("/a/b", alex.CurrentFolder.ToString());
    }

    [Fact]
    public async Task Strangers_may_what_the_operator_allows_and_those_past_a_door_may_write()
    {
        await using TestShare closed = await TestShare.StartAsync();
        Assert.Equal(FileError.LoginRequired, Assert.Throws<FileException>(() => closed.Service.OpenAnonymous(TestShare.Caller())).Reason);
        await using FileSession known = closed.Service.OpenAnonymous(TestShare.Caller() with { PassedDoor = true });
        await known.PutTextAsync("/f", "hello");
        await RefusesAsync(FileError.LoginRequired, async () => await known.RemoveAsync("/f".At()));

        await using TestShare open = await TestShare.StartAsync(options => options with { Anonymous = FileRights.Browse });
        await using FileSession stranger = open.Service.OpenAnonymous(TestShare.Caller());
        Assert.Null(stranger.User);
        Assert.Null(stranger.Account);
        Assert.Empty((await stranger.ListAsync(VirtualPath.Root)).Entries);
        await RefusesAsync(FileError.LoginRequired, async () => await stranger.PutAsync("/f", 1));
    }

    [Fact] // I15
    public async Task Content_that_is_not_what_its_sender_says_is_not_published_and_not_kept()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"));
        await using FileSession alex = share.Login("alex");
        byte[] content = Encoding.ASCII.GetBytes("123456789");

        foreach (ExpectedDigests wrong in new[]
        {
            new ExpectedDigests { Crc32C = 1 },
            new ExpectedDigests { Crc32C = 0xe3069283, Sha256 = new byte[32] },
            new ExpectedDigests { Md5 = new byte[16] },
        })
        {
            await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 9, Keep = true, Sha256 = true, Md5 = true });
            await upload.AppendAsync(content);
            await RefusesAsync(FileError.Corrupt, async () => await upload.CommitAsync(wrong));
        }

        Assert.Null(await alex.FindUploadAsync("/f".At(), 9));
        await RefusesAsync(FileError.NotFound, async () => await alex.StatAsync("/f".At()));
        await using FileUpload right = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Sha256 = true, Md5 = true });
        await right.AppendAsync(content.AsMemory(0, 4));
        await right.AppendAsync(content.AsMemory(4));
        await right.CommitAsync(new ExpectedDigests { Crc32C = 0xe3069283, Sha256 = SHA256.HashData(content), Md5 = Convert.FromHexString("25f9e794323b453885f5181f1b624d0b") });
        Assert.Equal(SHA256.HashData(content), right.Sha256.ToArray());
    }

    [Fact]
    public async Task A_hole_has_the_digest_of_its_zeros()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 200_000));
        await using FileSession alex = share.Login("alex");
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At() }))
        {
            await upload.AppendAsync(new byte[] { 1 });
            await upload.AppendHoleAsync(100_000);
            await RefusesAsync(FileError.QuotaExceeded, async () => await upload.AppendHoleAsync(100_000));
        }

        await using FileUpload again = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 100_001 });
        await again.AppendAsync(new byte[] { 1 });
        await again.AppendHoleAsync(100_000);
        await again.CommitAsync();
        FileSum sum = await alex.SumAsync("/f".At());
        Assert.Equal(Crc32C.ToText(again.Crc32C), sum.ToString());
    }

    [Fact]
    public async Task More_or_less_than_announced_is_refused_and_the_part_that_came_can_be_continued()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"));
        await using FileSession alex = share.Login("alex");
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 4, Keep = true }))
        {
            await upload.AppendAsync("ab"u8.ToArray());
            await RefusesAsync(FileError.Corrupt, async () => await upload.CommitAsync());
        }

        KeptUpload kept = (await alex.FindUploadAsync("/f".At(), 4))!;
        Assert.Equal((2, Crc32C.Compute("ab"u8)), (kept.Length, kept.Crc32C));
        await using FileUpload rest = await alex.ResumeUploadAsync(kept.Id);
        await RefusesAsync(FileError.BadRange, async () => await rest.AppendAsync(new byte[3]));
    }

    [Fact] // I17, I18
    public async Task An_interrupted_upload_is_its_owners_and_one_sessions_at_a_time()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", home: "/home"), TestShare.User("bob", home: "/home"));
        await using FileSession alex = share.Login("alex");
        await using FileSession bob = share.Login("bob");
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 10, Keep = true }))
            await upload.AppendAsync("0123456"u8.ToArray());
        string id = (await alex.FindUploadAsync("/f".At(), 10))!.Id;

        Assert.Null(await bob.FindUploadAsync("/f".At(), 10));
        Assert.Null(await alex.FindUploadAsync("/f".At(), 11));
        await RefusesAsync(FileError.NoSuchUpload, async () => await bob.ResumeUploadAsync(id));
        await RefusesAsync(FileError.NoSuchUpload, async () => await alex.ResumeUploadAsync(new string('0', 32)));
        await RefusesAsync(FileError.NoSuchUpload, async () => await alex.ResumeUploadAsync("../../etc/passwd"));
        await RefusesAsync(FileError.BadRange, async () => await alex.ResumeUploadAsync(id, 8));
        await RefusesAsync(FileError.BadRange, async () => await alex.ResumeUploadAsync(id, -1));
        await RefusesAsync(FileError.BadRange, async () => await alex.ResumeUploadAsync(id, long.MaxValue));
        await using FileUpload held = await alex.ResumeUploadAsync(id, offset: 3);
        await RefusesAsync(FileError.NoSuchUpload, async () => await alex.ResumeUploadAsync(id));
        Assert.Null(await alex.FindUploadAsync("/f".At(), 10));
        await held.AppendAsync("3456789"u8.ToArray());
        await held.CommitAsync(new ExpectedDigests { Crc32C = Crc32C.Compute("0123456789"u8) });
        Assert.Equal("0123456789", await alex.GetTextAsync("/f"));
        await RefusesAsync(FileError.NoSuchUpload, async () => await alex.ResumeUploadAsync(id));
    }

    [Fact]
    public async Task After_a_restart_an_upload_goes_on_with_everything_it_began_with()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using (FileSession alex = share.Login("alex"))
        {
            await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest
            {
                Path = "/a/b/f".At(), Size = 6, Keep = true, MakeParents = true, Modified = DateTimeOffset.UnixEpoch, Permissions = UnixFileMode.UserRead,
            });
            await upload.AppendAsync("abc"u8.ToArray());
        }

        await share.RestartAsync();
        await using FileSession again = share.Login("alex");
        Assert.Equal((0, 6, 0), await again.BooksAsync());
        KeptUpload kept = (await again.FindUploadAsync("/a/b/f".At(), 6))!;
        Assert.Equal(Crc32C.Compute("abc"u8), kept.Crc32C);
        await using (FileUpload rest = await again.ResumeUploadAsync(kept.Id, sha256: true))
        {
            await rest.AppendAsync("def"u8.ToArray());
            await rest.CommitAsync(new ExpectedDigests { Sha256 = SHA256.HashData("abcdef"u8) });
        }

        FileEntry entry = await again.StatAsync("/a/b/f".At());
        Assert.Equal((6, DateTimeOffset.UnixEpoch, UnixFileMode.UserRead), (entry.Size, entry.Modified, entry.Mode));
        Assert.Equal((6, 0, 1), await again.BooksAsync());
    }

    [Fact] // I10, I12
    public async Task A_reader_keeps_the_whole_old_file_and_nobody_sees_a_part_of_the_new()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"));
        await using FileSession alex = share.Login("alex");
        await alex.PutTextAsync("/f", "old");
        await using FileDownload download = await alex.OpenAsync("/f".At());
        await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 6 });
        await upload.AppendAsync("new"u8.ToArray());

        Assert.Equal("old", await alex.GetTextAsync("/f"));
        await upload.AppendAsync("est"u8.ToArray());
        await upload.CommitAsync();
        Assert.Equal("newest", await alex.GetTextAsync("/f"));
        var buffer = new byte[10];
        Assert.Equal("old", Encoding.ASCII.GetString(buffer, 0, await download.ReadAsync(0, buffer)));
    }

    [Fact] // I11
    public async Task Of_eight_writers_of_one_name_one_wins_whole()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100_000));
        await using FileSession alex = share.Login("alex");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => alex.PutTextAsync("/f", new string((char)('a' + i), 1000 + i)))));

        string winner = await alex.GetTextAsync("/f");
        Assert.Equal(new string(winner[0], 1000 + winner[0] - 'a'), winner);
        Assert.Equal((winner.Length, 0, 1), await alex.BooksAsync());
    }

    [Fact]
    public async Task Transfers_are_bounded_by_account_and_each_gives_its_place_back()
    {
        await using TestShare share = await TestShare.StartAsync(options => options with { MaxTransfersPerUser = 2 }, TestShare.User("alex"));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/f", 1);
        FileDownload one = await alex.OpenAsync("/f".At());
        FileUpload two = await alex.StartUploadAsync(new UploadRequest { Path = "/g".At() });

        await RefusesAsync(FileError.Limit, async () => await alex.OpenAsync("/f".At()));
        await RefusesAsync(FileError.Limit, async () => await alex.PutAsync("/h", 1));
        await one.DisposeAsync();
        await RefusesAsync(FileError.NotFound, async () => await alex.OpenAsync("/absent".At()));
        await alex.PutAsync("/h", 1);
        await two.DisposeAsync();
        await two.DisposeAsync();
        await using FileDownload a = await alex.OpenAsync("/f".At());
        await using FileDownload b = await alex.OpenAsync("/f".At());
        await RefusesAsync(FileError.Limit, async () => await alex.OpenAsync("/f".At()));
    }

    [Fact]
    public async Task A_folder_is_copied_with_everything_in_it_but_not_into_itself()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 1000));
        await using FileSession alex = share.Login("alex");
        await alex.PutTextAsync("/top", "t");
        await alex.MakeFolderAsync("/d/e".At(), parents: true);
        await alex.PutTextAsync("/d/e/f", "hello");

        await alex.CopyAsync("/d".At(), "/copy".At());

        Assert.Equal("hello", await alex.GetTextAsync("/copy/e/f"));
        await RefusesAsync(FileError.Exists, async () => await alex.CopyAsync("/d".At(), "/copy".At()));
        await alex.CopyAsync("/d".At(), "/copy".At(), overwrite: true);
        await RefusesAsync(FileError.BadPath, async () => await alex.CopyAsync("/d".At(), "/d/e/g".At()));
        Assert.Equal((11, 0, 3), await alex.BooksAsync());
    }
}
