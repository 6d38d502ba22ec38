using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

public sealed class ListingTests : IDisposable
{
    private readonly Playground _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact] // B27's disk side
    public async Task Paging_through_a_large_folder_reads_it_once()
    {
        int count = Host.IsLong ? 100_000 : 10_000;
        Directory.CreateDirectory(_ground["big"]);
        for (int i = 0; i < count; i++)
            File.WriteAllText(_ground[$"big/{i:x6}"], "");
        Directory.SetLastWriteTimeUtc(_ground["big"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        int reads = 0;
        using var store = LocalFileStore.Open(_ground.Inside, null, new FaultyCalls((call, _) =>
        {
            reads += call == "getdents" ? 1 : 0;
            return 0;
        }));
        await SettleAsync(store, "/big");
        await store.ListAsync(At("/big"), null, int.MaxValue);
        int once = reads;
        reads = 0;
        List<FileEntry> all = await store.ListAllAsync("/big", limit: 100);
        Assert.Equal(count, all.Count);
        Assert.Equal(all.OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => entry.Name), all.Select(entry => entry.Name));
        Assert.Equal(once, reads);
    }

    [Fact]
    public async Task A_page_shows_what_came_and_went_since_the_page_before()
    {
        using LocalFileStore store = _ground.Open();
        foreach (string name in (string[])["a", "b", "c", "d", "e"])
            await store.PutAsync("/" + name, name);
        Assert.Equal(["a", "b"], (await store.ListAsync(VirtualPath.Root, null, 2)).Entries.Select(entry => entry.Name));
        await store.RemoveAsync(At("/c"), false, null);
        await store.PutAsync("/cc", "cc");
        Assert.Equal(["cc", "d"], (await store.ListAsync(VirtualPath.Root, "b", 2)).Entries.Select(entry => entry.Name));
        await store.RenameAsync(At("/e"), At("/f"), false);
        Assert.Equal(["f"], (await store.ListAsync(VirtualPath.Root, "d", 2)).Entries.Select(entry => entry.Name));
    }

    // Just after a change the folder's times do not yet tell it from the next one, and nothing is kept.
    private static async Task SettleAsync(LocalFileStore store, string folder)
    {
        FileTime start = FileCalls.Now;
        do
            await store.StatAsync(At(folder));
        while (FileCalls.Now.ToDateTimeOffset() - start.ToDateTimeOffset() < TimeSpan.FromMilliseconds(30));
    }
}
