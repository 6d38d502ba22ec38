using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>
/// What a power cut leaves. A small ext4 image writes back nothing before it is asked to; a copy of the image, taken while the store's next
/// system call waits, is the disk as it would be found. It is mounted (its journal replayed) and compared with what had been acknowledged.
/// </summary>
public sealed class PowerCutTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-cut-").FullName;

    private string Image => Path.Combine(_folder, "disk");

    private string Copy => Path.Combine(_folder, "found");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Steps => [.. StepsOf(0).Select(step => step.Name)];

    [Theory] // J01, J02, J04: each by itself, so that no later sync makes up for it
    [MemberData(nameof(Steps))]
    public async Task What_was_acknowledged_is_there_after_a_cut_and_would_not_be_without_a_sync(string step)
    {
        (Morning before, Morning after) = await LiveAsync(step, cutAt: int.MaxValue, syncs: true);
        Assert.Same(before, after);
        Assert.Null(await CompareAsync(before, after));

        (before, after) = await LiveAsync(step, cutAt: int.MaxValue, syncs: false);
        Assert.NotNull(await CompareAsync(before, after));
    }

    [Fact] // J17
    public async Task An_edit_of_the_accounts_is_there_after_a_cut()
    {
        using (Mount mount = await MakeDiskAsync())
        {
            string folder = Path.Combine(_folder, "mounted");
            AccountsFile accounts = AccountsFile.Open(Path.Combine(folder, "accounts.json"), create: true);
            Mount.Run("sync", "-f", folder);
            accounts.Add(TestShare.User("anna"));
            File.Copy(Image, Copy);
        }

        using Mount found = Mount.Image(Path.Combine(_folder, "again"), Copy);
        Assert.Equal("anna", Assert.Single(AccountsFile.Open(Path.Combine(_folder, "again", "accounts.json")).All).Name);
    }

    [Fact] // J03, J04
    public async Task A_cut_at_any_moment_leaves_the_old_or_the_new_and_all_that_was_acknowledged()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        for (int cut = 0; cut < (Host.IsLong ? 50 : 3); cut++)
        {
            int at = random.Next(1, 2400);
            (Morning before, Morning after) = await LiveAsync(only: null, at, syncs: true);
            string? problem = await CompareAsync(before, after);
            Assert.True(problem is null, $"seed {seed}, cut {cut} at call {at}: {problem}");
        }
    }

    private async Task<Mount> MakeDiskAsync()
    {
        await using (FileStream image = File.Create(Image))
            image.SetLength(48 << 20);
        Assert.SkipUnless(Mount.Run("mkfs.ext4", "-q", "-F", Image) == 0, "mkfs.ext4 is not here");
        return Mount.Image(Path.Combine(_folder, "mounted"), Image);
    }

    // Lives a day on a fresh disk and copies it at the given call, or at the end. What the world knew then, and what it would have known next.
    private async Task<(Morning Before, Morning After)> LiveAsync(string? only, int cutAt, bool syncs)
    {
        using Mount mount = await MakeDiskAsync();
        string share = Directory.CreateDirectory(Path.Combine(_folder, "mounted", "share")).FullName;
        Morning acknowledged = new(), next = acknowledged;
        (Morning, Morning)? known = null;
        var gate = new Lock();
        int dawn = int.MaxValue; // the number of the last call before the day
        var calls = new FaultyCalls((_, number) =>
        {
            lock (gate) // nobody writes while the copy is made
            {
                if (number - dawn == cutAt)
                {
                    known = (acknowledged, next);
                    File.Copy(Image, Copy, overwrite: true);
                }
            }

            return 0;
        }, syncs);
        using var store = LocalFileStore.Open(share, null, calls);
        foreach (string file in (string[])["/old/f", "/old/renamed", "/old/replaced", "/old/removed"])
        {
            await store.PutAsync(file, file, new PublishOptions { MakeParents = true });
            next.Files[file] = file;
        }

        Mount.Run("sync", "-f", share); // what stands before the day is older than any cut
        lock (gate)
            dawn = calls.Count;
        foreach (Step step in (only is null ? Enumerable.Range(0, 6).SelectMany(StepsOf) : StepsOf(0)).Where(step => only is null || step.Name == only))
        {
            if (known is not null)
                break;
            Morning after = acknowledged.Copy();
            step.Change(after);
            lock (gate)
                next = after;
            await step.Act(store);
            lock (gate)
                acknowledged = after;
        }

        if (known is null)
            File.Copy(Image, Copy, overwrite: true);
        return known ?? (acknowledged, acknowledged);
    }

    // What is wrong with the disk that was found; null if nothing is.
    private async Task<string?> CompareAsync(Morning before, Morning after)
    {
        using Mount mount = Mount.Image(Path.Combine(_folder, "again"), Copy);
        using var store = LocalFileStore.Open(Path.Combine(_folder, "again", "share"));
        Dictionary<string, string> found = [];
        await ReadAsync(store, VirtualPath.Root, found);
        foreach (string path in before.Files.Keys.Union(after.Files.Keys).Union(found.Keys))
        {
            string? content = found.GetValueOrDefault(path);
            if (content != before.Files.GetValueOrDefault(path) && content != after.Files.GetValueOrDefault(path))
                return $"{path} holds {content?[..Math.Min(10, content.Length)] ?? "nothing"} ({content?.Length})";
        }

        foreach (string folder in before.Folders)
        {
            if ((await Record.ExceptionAsync(async () => await store.ListAsync(At(folder), null, 1))) is { } gone)
                return $"{folder}: {gone.Message}";
        }

        await store.SweepAsync(TimeSpan.FromDays(-1));
        return Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "again/share/.dialtone/uploads")).Any() ? "left in staging" : null;
    }

    private static Step[] StepsOf(int round)
    {
        string folder = $"/d{round}", large = new((char)('a' + round), 100_000 + round), small = $"{round}";
        return
        [
            new("replace", day => day.Files["/old/f"] = large, store => store.PutAsync("/old/f", large)),
            new("create", day => day.Files[$"/old/{round}"] = small, store => store.PutAsync($"/old/{round}", small)),
            new("make a folder", day => day.Folders.Add(folder), store => store.MakeFolderAsync(At(folder), false).AsTask()),
            new("make folders", day => day.Folders.Add(folder + "/p/q"), store => store.MakeFolderAsync(At(folder + "/p/q"), true).AsTask()),
            new("create with parents", day => day.Files[folder + "/x/y/new"] = small,
                store => store.PutAsync(folder + "/x/y/new", small, new PublishOptions { MakeParents = true })),
            new("create many",
                day =>
                {
                    for (int file = 0; file < 40; file++)
                        day.Files[$"/old/{round}.{file}"] = $"{round} {file}";
                },
                store => Task.WhenAll(Enumerable.Range(0, 40).Select(file => store.PutAsync($"/old/{round}.{file}", $"{round} {file}")))),
            new("rename over",
                day =>
                {
                    day.Files["/old/replaced"] = day.Files["/old/renamed"];
                    day.Files.Remove("/old/renamed");
                },
                store => store.RenameAsync(At("/old/renamed"), At("/old/replaced"), overwrite: true).AsTask()),
            new("rename back",
                day =>
                {
                    day.Files["/old/renamed"] = day.Files["/old/replaced"];
                    day.Files.Remove("/old/replaced");
                },
                store => store.RenameAsync(At("/old/replaced"), At("/old/renamed"), overwrite: true).AsTask()),
            new("remove", day => day.Files.Remove("/old/removed"), store => store.RemoveAsync(At("/old/removed"), false, null).AsTask()),
            new("put back", day => day.Files["/old/removed"] = small, store => store.PutAsync("/old/removed", small)),
        ];
    }

    private static async Task ReadAsync(LocalFileStore store, VirtualPath folder, Dictionary<string, string> found)
    {
        foreach (FileEntry entry in await store.ListAllAsync(folder.ToString()))
        {
            VirtualPath path = folder.Append(entry.Name);
            if (entry.Kind == FileKind.Folder)
                await ReadAsync(store, path, found);
            else
                found[path.ToString()] = await store.ReadTextAsync(path.ToString());
        }
    }

    private sealed record Step(string Name, Action<Morning> Change, Func<LocalFileStore, Task> Act);

    /// <summary>What should be found.</summary>
    private sealed class Morning
    {
        public Dictionary<string, string> Files { get; private init; } = [];

        public HashSet<string> Folders { get; private init; } = [];

        public Morning Copy() => new() { Files = new(Files), Folders = [.. Folders] };
    }
}
