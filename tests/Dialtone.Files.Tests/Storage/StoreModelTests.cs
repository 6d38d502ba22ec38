using System.Text;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>Random days in the life of a store, lived on disk and in memory: both must answer alike.</summary>
public sealed class StoreModelTests
{
    private static readonly string[] Names = ["a", "b", "é", "e\u0301", "B"];

    [Fact] // N06
    public async Task The_disk_answers_as_memory_does()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        for (int run = 0; run < (Host.IsLong ? 50 : 5); run++)
            await RunAsync(new Random(seed + run), $"seed {seed}, run {run}", operations: 400);
    }

    private static async Task RunAsync(Random random, string which, int operations)
    {
        using var ground = new Playground();
        using LocalFileStore disk = ground.Open();
        using var memory = new MemoryFileStore();
        var log = new StringBuilder(which).AppendLine();
        for (int i = 0; i < operations; i++)
        {
            (string text, Func<IFileStore, Task<string>> operation) = Next(random, i);
            log.AppendLine(text);
            string expected = await AnswerAsync(operation, memory), actual = await AnswerAsync(operation, disk);
            Assert.True(expected == actual, $"{log}memory: {expected}\ndisk:   {actual}");
        }

        Assert.Equal(await DescribeAsync(memory, VirtualPath.Root), await DescribeAsync(disk, VirtualPath.Root));
        Assert.Empty(ground.Staged);
    }

    private static (string Text, Func<IFileStore, Task<string>> Operation) Next(Random random, int step)
    {
        VirtualPath path = Path(random), other = Path(random);
        bool flag = random.Next(2) == 0;
        var mode = (PublishMode)random.Next(3);
        switch (random.Next(9))
        {
            case 0 or 1:
                byte[] content = Encoding.UTF8.GetBytes($"{step}:{new string('x', random.Next(3) * 5000)}");
                return ($"put {path} {mode} {flag}", async store =>
                {
                    PublishedFile file = await store.PutAsync(path.ToString(), content, new PublishOptions { Mode = mode, MakeParents = flag });
                    return $"{file.Path} {file.Entry.Name} {file.Entry.Size} {file.Replaced?.Name} {file.Replaced?.Size}";
                });
            case 2:
                return ($"mkdir {path} {flag}", async store =>
                {
                    await store.MakeFolderAsync(path, flag);
                    return "made";
                });
            case 3:
                return ($"remove {path} {flag}", async store =>
                {
                    var gone = new List<string>();
                    await store.RemoveAsync(path, flag, entry => gone.Add($"{entry.Name} {entry.Size}"));
                    return string.Join(',', gone.Order(StringComparer.Ordinal));
                });
            case 4 or 5:
                return ($"rename {path} {other} {flag}", async store => $"{(await store.RenameAsync(path, other, flag))?.Size}");
            case 6:
                return ($"stat {path}", async store => Describe(await store.StatAsync(path)));
            case 7:
                return ($"list {path} after {other.Name}", async store =>
                {
                    FilePage page = await store.ListAsync(path, other.Name, 2);
                    return string.Join(',', page.Entries.Select(Describe)) + page.HasMore;
                });
            default:
                return ($"read {path}", async store => $"{await store.ReadTextAsync(path.ToString())} {await store.MeasureAsync(path.Parent)}");
        }
    }

    private static VirtualPath Path(Random random) =>
        Enumerable.Range(0, random.Next(4)).Aggregate(VirtualPath.Root, (path, _) => path.Append(Names[random.Next(Names.Length)]));

    private static async Task<string> AnswerAsync(Func<IFileStore, Task<string>> operation, IFileStore store)
    {
        try
        {
            return await operation(store);
        }
        catch (FileException e)
        {
            return e.Reason + e.Message;
        }
    }

    private static async Task<string> DescribeAsync(IFileStore store, VirtualPath folder)
    {
        var text = new StringBuilder();
        foreach (FileEntry entry in await store.ListAllAsync(folder.ToString(), 3))
        {
            VirtualPath path = folder.Append(entry.Name);
            text.AppendLine($"{path} {Describe(entry)}");
            text.Append(entry.Kind == FileKind.Folder ? await DescribeAsync(store, path) : await store.ReadTextAsync(path.ToString()));
        }

        return text.ToString();
    }

    private static string Describe(FileEntry entry) => $"{entry.Name} {entry.Kind} {entry.Size}";
}
