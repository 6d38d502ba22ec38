using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

public sealed class MemoryFileStoreTests : StoreConformance
{
    protected override IFileStore Store { get; } = new MemoryFileStore();

    [Fact]
    public async Task A_full_store_says_so_and_gives_room_back()
    {
        var store = new MemoryFileStore(capacity: 3 * 4096);
        await store.PutAsync("/a", new byte[8192]);
        await RefusesTaskAsync(FileError.DiskFull, () => store.PutAsync("/b", new byte[8192]));
        await RefusesTaskAsync(FileError.DiskFull, async () =>
        {
            await using IStagedFile staged = await store.StageAsync(null, default);
            await staged.AppendAsync(new byte[8192]);
        });
        await store.PutAsync("/b", new byte[4096]);
        await store.PutAsync("/b", Array.Empty<byte>());
        await store.RemoveAsync(At("/a"), false, null);
        await store.PutAsync("/c", new byte[3 * 4096]);
    }
}
