using System.Runtime.Versioning;
using static Dialtone.Files.Tests.SessionSteps;

namespace Dialtone.Files.Tests;

/// <summary>Homes on a real disk.</summary>
[SupportedOSPlatform("linux")]
public sealed class HomeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-homes").FullName;

    private string Root => Path.Combine(_folder, "share");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_home_is_made_at_the_first_log_in_and_its_quota_counts_what_is_there_already()
    {
        Directory.CreateDirectory(Path.Combine(Root, "bob", "deep"));
        await File.WriteAllBytesAsync(Path.Combine(Root, "bob", "deep", "f"), new byte[60], TestContext.Current.CancellationToken);
        using IFileStore store = LocalFileStore.Open(Root);
        await using var service = new FileService(new FileServiceOptions
        {
            Store = store, Accounts = new AccountList(TestShare.User("alex", home: "/homes/alex"), TestShare.User("bob", bytes: 100)),
        });
        await service.StartAsync();

        Assert.False(Directory.Exists(Path.Combine(Root, "homes")));
        await using FileSession alex = service.Login(TestShare.Caller(), "alex");
        Assert.True(Directory.Exists(Path.Combine(Root, "homes", "alex")));
        await using FileSession bob = service.Login(TestShare.Caller(), "bob");
        Assert.Equal((60, 0, 1), await bob.BooksAsync());
        await RefusesAsync(FileError.QuotaExceeded, async () => await bob.PutAsync("/g", 41));
        await bob.PutAsync("/g", 40);
        await bob.RemoveAsync("/deep".At(), recursive: true);
        Assert.Equal((40, 0, 1), await bob.BooksAsync());
        await File.WriteAllBytesAsync(Path.Combine(Root, "bob", "behind"), new byte[5], TestContext.Current.CancellationToken);
        service.Remeasure();
        Assert.Equal((45, 0, 2), await bob.BooksAsync());
    }

    [Fact] // A18
    public async Task A_home_replaced_by_a_link_leaves_open_sessions_where_they_are_and_refuses_new_ones()
    {
        string outside = Path.Combine(_folder, "outside");
        Directory.CreateDirectory(outside);
        Directory.CreateDirectory(Root);
        using IFileStore store = LocalFileStore.Open(Root);
        await using var service = new FileService(new FileServiceOptions { Store = store, Accounts = new AccountList(TestShare.User("alex")) });
        await service.StartAsync();
        await using FileSession alex = service.Login(TestShare.Caller(), "alex");

        Directory.Move(Path.Combine(Root, "alex"), Path.Combine(Root, "moved"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "alex"), outside);

        await alex.PutTextAsync("/f", "hello");
        Assert.True(File.Exists(Path.Combine(Root, "moved", "f")));
        Assert.Equal(FileError.Failed, Assert.Throws<FileException>(() => service.Login(TestShare.Caller(), "alex")).Reason);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task A_quota_and_interrupted_uploads_survive_a_crash_of_the_process()
    {
        Directory.CreateDirectory(Root);
        string id;
        {
            // Nothing of this service is disposed before the next one looks at the disk: as after a kill.
            IFileStore store = LocalFileStore.Open(Root);
            var service = new FileService(new FileServiceOptions { Store = store, Accounts = new AccountList(TestShare.User("alex", bytes: 100)) });
            await service.StartAsync();
            FileSession alex = service.Login(TestShare.Caller(), "alex");
            await alex.PutAsync("/f", 30);
            await using FileUpload upload = await alex.StartUploadAsync(new UploadRequest { Path = "/g".At(), Size = 50, Keep = true });
            await upload.AppendAsync(new byte[20]);
            id = upload.Id;
            store.Dispose();
        }

        using IFileStore again = LocalFileStore.Open(Root);
        await using var next = new FileService(new FileServiceOptions { Store = again, Accounts = new AccountList(TestShare.User("alex", bytes: 100)) });
        await next.StartAsync();
        await using FileSession session = next.Login(TestShare.Caller(), "alex");
        Assert.Equal((30, 50, 1), await session.BooksAsync());
        await using FileUpload rest = await session.ResumeUploadAsync(id);
        await rest.AppendAsync(new byte[30]);
        await rest.CommitAsync(new ExpectedDigests { Crc32C = Crc32C.Compute(new byte[50]) });
        Assert.Equal((80, 0, 2), await session.BooksAsync());
    }
}
