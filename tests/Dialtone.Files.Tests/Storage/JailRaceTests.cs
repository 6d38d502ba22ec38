using System.Diagnostics;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>A folder trades places with a link to outside, over and over, while everything is tried below its name. One second each; ten in the long run.</summary>
public sealed class JailRaceTests : IDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(Host.IsLong ? 10 : 1);

    private static readonly string[] Paths = ["/d/secret", "/d/inner", "/d/a/b/c", "/d/x", "/d/inner/y"];

    private readonly Playground _ground = new();
    private readonly string _outside;

    public JailRaceTests()
    {
        Directory.CreateDirectory(_ground["d/inner"]);
        Directory.CreateDirectory(_ground["d/a/b"]);
        File.CreateSymbolicLink(_ground["link"], _ground.Outside);
        File.WriteAllText(_ground["ok"], "ok");
        _outside = _ground.DescribeOutside();
    }

    public void Dispose()
    {
        try
        {
            Assert.Equal(_outside, _ground.DescribeOutside());
        }
        finally
        {
            _ground.Dispose();
        }
    }

    [Theory] // A14, A16
    [InlineData(0)]
    [InlineData(Errno.NoSystemCall)]
    public async Task A_parent_that_flips_to_a_link_lets_nobody_out(int openat2)
    {
        using var store = LocalFileStore.Open(_ground.Inside, null, openat2 == 0 ? FileCalls.System : FaultyCalls.Without("openat2", openat2));
        await FlipWhileAsync("d", "link", async random =>
        {
            KeyValuePair<string, Func<IFileStore, VirtualPath, Task>> operation = StoreOperations.All.ElementAt(random.Next(StoreOperations.All.Count));
            string path = Paths[random.Next(Paths.Length)];
            try
            {
                await operation.Value(store, At(path));
            }
            catch (FileException)
            {
                // Refused is as good as done inside.
            }

            if (operation.Key == "open")
                await ReadsNoSecretAsync(store, path);
            if (!File.Exists(_ground["ok"]))
                await store.PutAsync("/ok", "ok");
        });
    }

    [Fact] // A17
    public async Task Removing_a_tree_whose_folder_flips_to_a_link_leaves_outside_alone()
    {
        using LocalFileStore store = _ground.Open();
        Directory.CreateDirectory(_ground["tree/inner"]);
        File.CreateSymbolicLink(_ground["tree/link"], _ground.Outside);
        await FlipWhileAsync("tree/inner", "tree/link", async random =>
        {
            for (int i = 0; i < 20; i++)
            {
                try
                {
                    await store.PutAsync($"/tree/inner/{i}", "x");
                }
                catch (FileException)
                {
                }
            }

            try
            {
                await store.RemoveAsync(At("/tree"), recursive: true, null);
            }
            catch (FileException)
            {
            }

            lock (_ground)
            {
                Directory.CreateDirectory(_ground["tree/inner"]);
                if (new FileInfo(_ground["tree/link"]).LinkTarget is null && !Directory.Exists(_ground["tree/link"]))
                    File.CreateSymbolicLink(_ground["tree/link"], _ground.Outside);
            }
        }, workers: 1);
    }

    [Fact] // I12, I11: readers see whole versions while many replace, under one name
    public async Task Readers_see_one_whole_version_or_another()
    {
        using LocalFileStore store = _ground.Open();
        await store.PutAsync("/f", Version(0));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; watch.Elapsed < Duration; i++)
            {
                if (worker < 2)
                {
                    await store.PutAsync("/f", Version((worker * 100) + (i % 100)));
                    continue;
                }

                byte[] content = await store.ReadAsync("/f");
                Assert.Equal(Version(content[0]), content);
            }
        })));
    }

    private static byte[] Version(int number) => [.. Enumerable.Repeat((byte)number, 1000 + (number * 37))];

    private static async Task ReadsNoSecretAsync(LocalFileStore store, string path)
    {
        try
        {
            Assert.NotEqual("secret", await store.ReadTextAsync(path));
        }
        catch (FileException)
        {
        }
    }

    private async Task FlipWhileAsync(string one, string other, Func<Random, Task> work, int workers = 4)
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var watch = Stopwatch.StartNew();
        long flips = 0;
        var flipper = new Thread(() =>
        {
            while (watch.Elapsed < Duration)
            {
                if (Host.Exchange(_ground[one], _ground[other]))
                    flips++;
                Thread.Yield();
            }
        });
        flipper.Start();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed + worker);
            while (watch.Elapsed < Duration)
                await work(random);
        })));
        flipper.Join();
        TestContext.Current.TestOutputHelper?.WriteLine($"{flips} flips");
        Assert.NotEqual(0, flips);
    }
}
