using static Dialtone.Files.Tests.SessionSteps;

namespace Dialtone.Files.Tests;

public sealed class QuotaTests
{
    [Fact] // I01
    public async Task A_hundred_uploads_at_once_never_pass_the_quota()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 1000));
        await using FileSession alex = share.Login("alex");
        long most = 0;
        int done = 0, refused = 0;

        await Parallel.ForEachAsync(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (i, token) =>
        {
            try
            {
                await alex.PutAsync($"/f{i}", 90, announce: i % 2 == 0);
                Interlocked.Increment(ref done);
            }
            catch (FileException e) when (e.Reason == FileError.QuotaExceeded)
            {
                Interlocked.Increment(ref refused);
            }

            long now = (await share.Store.MeasureAsync("/alex".At(), token)).Bytes;
            InterlockedMax(ref most, now);
            (long used, long reserved, _) = await alex.BooksAsync();
            InterlockedMax(ref most, used + reserved);
        });

        Assert.InRange(most, 1, 1000);
        Assert.InRange(done, 1, 11);
        Assert.Equal(100, done + refused);
        Assert.Equal((done * 90L, 0L, done), await alex.BooksAsync());
    }

    [Fact] // I02
    public async Task An_upload_of_unknown_size_is_cut_at_the_quota_and_gives_its_room_back()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At() }))
        {
            await upload.AppendAsync(new byte[100]);
            Assert.Equal((0, 100, 0), await alex.BooksAsync());
            await RefusesAsync(FileError.QuotaExceeded, async () => await upload.AppendAsync(new byte[1]));
            await RefusesAsync(FileError.QuotaExceeded, async () => await upload.CommitAsync());
        }

        Assert.Equal((0, 0, 0), await alex.BooksAsync());
        await RefusesAsync(FileError.NotFound, async () => await alex.StatAsync("/f".At()));
    }

    [Fact]
    public async Task An_upload_that_says_it_is_too_large_is_refused_before_its_first_byte()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");

        await RefusesAsync(FileError.QuotaExceeded, async () => await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 101 }));

        await alex.PutAsync("/f", 100);
        Assert.Equal((100, 0, 1), await alex.BooksAsync());
    }

    [Fact] // I03
    public async Task The_number_of_files_is_exact_at_the_edge_for_uploads_and_copies_side_by_side()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", files: 10));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/source", 1);
        int done = 0;

        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (i, token) =>
        {
            try
            {
                if (i % 2 == 0)
                    await alex.PutAsync($"/f{i}", 1);
                else
                    await alex.CopyAsync("/source".At(), $"/f{i}".At(), cancellationToken: token);
                Interlocked.Increment(ref done);
            }
            catch (FileException e) when (e.Reason == FileError.QuotaExceeded)
            {
            }
        });

        Assert.Equal(9, done);
        Assert.Equal(10, (await share.Store.MeasureAsync("/alex".At())).Files);
        await RefusesAsync(FileError.QuotaExceeded, async () => await alex.PutAsync("/more", 0));
        await alex.PutAsync("/source", 5); // replacing needs no file more
    }

    [Fact] // I04
    public async Task Renaming_over_a_file_frees_it_and_over_itself_changes_nothing()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/a", 30);
        await alex.PutAsync("/d/b", 50);

        await alex.RenameAsync("/a".At(), "/a".At(), overwrite: true);
        Assert.Equal((80, 0, 2), await alex.BooksAsync());
        await alex.RenameAsync("/a".At(), "/d/b".At(), overwrite: true);
        Assert.Equal((30, 0, 1), await alex.BooksAsync());
    }

    [Theory] // I05
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(90)]
    public async Task Replacing_a_file_books_the_difference_also_where_both_would_not_fit(int size)
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/f", 60);

        await using (FileUpload aborted = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = size }))
            await aborted.AppendAsync(new byte[size - 1]);
        Assert.Equal((60, 0, 1), await alex.BooksAsync());
        Assert.Equal(60, (await alex.StatAsync("/f".At())).Size);

        await alex.PutAsync("/f", size);
        Assert.Equal((size, 0, 1), await alex.BooksAsync());
    }

    [Fact]
    public async Task Only_one_upload_at_a_time_counts_on_the_room_of_what_it_replaces()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/f", 80);

        await using (FileUpload first = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 90 }))
            await RefusesAsync(FileError.QuotaExceeded, async () => await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 90 }));

        await alex.PutAsync("/f", 90);
        Assert.Equal((90, 0, 1), await alex.BooksAsync());
    }

    [Fact]
    public async Task What_was_to_be_replaced_and_is_gone_by_then_counts_in_full()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/f", 60);
        await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 90 });
        await upload.AppendAsync(new byte[90]);

        await alex.RenameAsync("/f".At(), "/g".At());
        await RefusesAsync(FileError.QuotaExceeded, async () => await upload.CommitAsync());

        await upload.DisposeAsync();
        Assert.Equal((60, 0, 1), await alex.BooksAsync());
    }

    [Fact] // I06
    public async Task An_upload_continued_again_and_again_is_counted_once()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        string id;
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 80, Keep = true }))
        {
            id = upload.Id;
            await upload.AppendAsync(new byte[20]);
        }

        for (int i = 1; i < 4; i++)
        {
            Assert.Equal((0, 80, 0), await alex.BooksAsync());
            await using FileUpload upload = await alex.ResumeUploadAsync(id);
            Assert.Equal(20 * i, upload.Length);
            await upload.AppendAsync(new byte[20]);
            if (i == 3)
                await upload.CommitAsync();
        }

        Assert.Equal((80, 0, 1), await alex.BooksAsync());
    }

    [Fact] // I07
    public async Task A_delete_that_fails_frees_nothing()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100, rights: "/=all; /d/kept=read,create"));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/d/f", 30);

        await RefusesAsync(FileError.NotEmpty, async () => await alex.RemoveAsync("/d".At()));
        await RefusesAsync(FileError.Denied, async () => await alex.RemoveAsync("/d".At(), recursive: true));
        await RefusesAsync(FileError.NotFound, async () => await alex.RemoveAsync("/g".At()));

        Assert.Equal((30, 0, 1), await alex.BooksAsync());
        await alex.RemoveAsync("/d/f".At());
        Assert.Equal((0, 0, 0), await alex.BooksAsync());
    }

    [Fact] // I19
    public async Task A_thousand_uploads_nobody_finishes_give_their_room_back_after_a_day()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100_000));
        await using FileSession alex = share.Login("alex");
        for (int i = 0; i < 1000; i++)
        {
            await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = $"/f{i}".At(), Size = 100, Keep = true });
            await upload.AppendAsync(new byte[10]);
        }

        Assert.Equal((0, 100_000, 0), await alex.BooksAsync());
        await share.RestartAsync();
        await using FileSession again = share.Login("alex");
        Assert.Equal((0, 100_000, 0), await again.BooksAsync());

        share.Time.Advance(TimeSpan.FromHours(26)); // the sweeper runs on the clock

        Assert.Equal((0, 0, 0), await again.BooksAsync());
        Assert.Equal(0, await share.Service.SweepAsync());
    }

    [Fact]
    public async Task An_interrupted_upload_makes_room_for_what_its_owner_does_now()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await using (FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/big".At(), Size = 80, Keep = true }))
            await upload.AppendAsync(new byte[40]);

        await alex.PutAsync("/f", 50);

        Assert.Equal((50, 0, 1), await alex.BooksAsync());
        Assert.Null(await alex.FindUploadAsync("/big".At(), 80));
    }

    [Fact]
    public async Task Homes_inside_a_home_and_the_share_around_them_are_all_counted()
    {
        await using TestShare share = await TestShare.StartAsync(
            options => options with { ShareQuota = new Quota(500) },
            TestShare.User("admin", home: "/"), TestShare.User("alex", bytes: 100));
        await using FileSession admin = share.Login("admin");
        await using FileSession alex = share.Login("alex");

        await admin.PutAsync("/alex/from-admin", 60);
        Assert.Equal((60, 0, 1), await alex.BooksAsync());
        Assert.Equal((60, 0, 1), await admin.BooksAsync());
        await RefusesAsync(FileError.QuotaExceeded, async () => await admin.PutAsync("/alex/more", 60));
        await admin.PutAsync("/outside", 70);
        await RefusesAsync(FileError.QuotaExceeded, async () => await admin.RenameAsync("/outside".At(), "/alex/outside".At()));
        await admin.RenameAsync("/alex/from-admin".At(), "/taken".At());
        Assert.Equal((0, 0, 0), await alex.BooksAsync());
        await admin.PutAsync("/folder/a", 30);
        await admin.PutAsync("/folder/b", 30);
        await admin.RenameAsync("/folder".At(), "/alex/folder".At());
        Assert.Equal((60, 0, 2), await alex.BooksAsync());
        Assert.Equal((190, 0, 4), await admin.BooksAsync());
        await admin.RemoveAsync("/alex".At(), recursive: true);
        Assert.Equal((130, 0, 2), await admin.BooksAsync());
        await RefusesAsync(FileError.LoginRequired, async () => await alex.BooksAsync()); // the home is gone, and another will have its name
        await using FileSession again = share.Login("alex");
        Assert.Equal((0, 0, 0), await again.BooksAsync());
    }

    [Fact]
    public async Task A_quota_taken_back_below_what_is_there_refuses_growth_and_allows_shrinking()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 100));
        await using FileSession alex = share.Login("alex");
        await alex.PutAsync("/f", 90);

        share.Accounts.Replace(TestShare.User("alex", bytes: 50));

        await RefusesAsync(FileError.QuotaExceeded, async () => await alex.PutAsync("/g", 1));
        await alex.PutAsync("/f", 70);
        await alex.RemoveAsync("/f".At());
        await alex.PutAsync("/g", 50);
    }

    [Fact]
    public async Task A_quota_of_zero_allows_nothing()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex", bytes: 0));
        await using FileSession alex = share.Login("alex");

        await alex.PutAsync("/empty", 0);
        await RefusesAsync(FileError.QuotaExceeded, async () => await alex.PutAsync("/f", 1));
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while (value > (seen = Interlocked.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
