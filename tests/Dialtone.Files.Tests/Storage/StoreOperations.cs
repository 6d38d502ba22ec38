using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>Everything that can be done with a path, by name. <c>/ok</c> is a file that may be used along with it.</summary>
internal static class StoreOperations
{
    public static readonly IReadOnlyDictionary<string, Func<IFileStore, VirtualPath, Task>> All = new Dictionary<string, Func<IFileStore, VirtualPath, Task>>
    {
        ["stat"] = async (store, path) => await store.StatAsync(path),
        ["list"] = async (store, path) => await store.ListAsync(path, null, 10),
        ["open"] = async (store, path) => (await store.OpenAsync(path)).Dispose(),
        ["replace"] = (store, path) => store.PutAsync(path.ToString(), "mine"),
        ["create"] = (store, path) => store.PutAsync(path.ToString(), "mine", new PublishOptions { Mode = PublishMode.CreateNew }),
        ["next"] = (store, path) => store.PutAsync(path.ToString(), "mine", new PublishOptions { Mode = PublishMode.NextFreeName }),
        ["replace with parents"] = (store, path) => store.PutAsync(path.ToString(), "mine", new PublishOptions { MakeParents = true }),
        ["mkdir"] = async (store, path) => await store.MakeFolderAsync(path, parents: false),
        ["mkdir with parents"] = async (store, path) => await store.MakeFolderAsync(path.Append("deep").Append("er"), parents: true),
        ["remove"] = async (store, path) => await store.RemoveAsync(path, recursive: false, null),
        ["remove all"] = async (store, path) => await store.RemoveAsync(path, recursive: true, null),
        ["rename from"] = async (store, path) => await store.RenameAsync(path, At("/taken"), overwrite: true),
        ["rename to"] = async (store, path) => await store.RenameAsync(At("/ok"), path, overwrite: false),
        ["rename over"] = async (store, path) => await store.RenameAsync(At("/ok"), path, overwrite: true),
        ["set time"] = async (store, path) => await store.SetAttributesAsync(path, DateTimeOffset.UnixEpoch, null),
        ["set mode"] = async (store, path) => await store.SetAttributesAsync(path, null, UnixFileMode.UserRead),
        ["measure"] = async (store, path) => await store.MeasureAsync(path),
        ["home"] = (store, path) => UseAsync(store.OpenFolder(path, create: false)),
        ["new home"] = (store, path) => UseAsync(store.OpenFolder(path, create: true)),
        ["copy"] = async (store, path) =>
        {
            using IStoredFile source = await store.OpenAsync(path);
            await using IStagedFile copy = await store.StageAsync(null, default);
            await copy.AppendAsync(source, 0, source.Entry.Size);
            await store.PublishAsync(copy, At("/copied"), new PublishOptions());
        },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    private static async Task UseAsync(IFileStore home)
    {
        using (home)
        {
            foreach (FileEntry entry in await home.ListAllAsync("/"))
                await home.RemoveAsync(At("/" + entry.Name), recursive: true, null);
            await home.PutAsync("/planted", "mine");
        }
    }
}
