using System.Text;

namespace Dialtone.Files.Tests;

/// <summary>What tests do with a store, in a line each.</summary>
internal static class StoreUse
{
    public static VirtualPath At(string path) => VirtualPath.Parse(path);

    public static async Task<PublishedFile> PutAsync(this IFileStore store, string path, ReadOnlyMemory<byte> content, PublishOptions? options = null)
    {
        await using IStagedFile staged = await store.StageAsync(content.Length, default);
        await staged.AppendAsync(content);
        return await store.PublishAsync(staged, At(path), options ?? new PublishOptions());
    }

    public static Task<PublishedFile> PutAsync(this IFileStore store, string path, string content, PublishOptions? options = null) =>
        store.PutAsync(path, Encoding.UTF8.GetBytes(content), options);

    public static async Task<byte[]> ReadAsync(this IFileStore store, string path)
    {
        using IStoredFile file = await store.OpenAsync(At(path));
        var content = new byte[file.Entry.Size];
        int length = 0;
        while (length < content.Length)
        {
            int read = await file.ReadAsync(length, content.AsMemory(length));
            Assert.NotEqual(0, read);
            length += read;
        }

        return content;
    }

    public static async Task<string> ReadTextAsync(this IFileStore store, string path) => Encoding.UTF8.GetString(await store.ReadAsync(path));

    public static async Task<List<FileEntry>> ListAllAsync(this IFileStore store, string folder, int limit = 1000)
    {
        var all = new List<FileEntry>();
        while (true)
        {
            FilePage page = await store.ListAsync(At(folder), all.LastOrDefault()?.Name, limit);
            all.AddRange(page.Entries);
            if (!page.HasMore)
                return all;
        }
    }

    public static async Task<string[]> NamesAsync(this IFileStore store, string folder, int limit = 1000) =>
        [.. (await store.ListAllAsync(folder, limit)).Select(entry => entry.Name)];

    public static async Task<List<StagedEntry>> StagedAsync(this IFileStore store)
    {
        var all = new List<StagedEntry>();
        await foreach (StagedEntry entry in store.ListStagedAsync())
            all.Add(entry);
        return all;
    }

    public static async Task RefusesTaskAsync(FileError reason, Func<Task> action) => Assert.Equal(reason, (await Assert.ThrowsAsync<FileException>(action)).Reason);

    public static Task RefusesAsync<T>(FileError reason, Func<ValueTask<T>> action) => RefusesTaskAsync(reason, async () => { await action(); });

    public static Task RefusesAsync(FileError reason, Func<ValueTask> action) => RefusesTaskAsync(reason, async () => { await action(); });
}
