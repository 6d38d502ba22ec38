using System.Net.Sockets;
using System.Text;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>Nothing outside is reached, whatever stands on the disk. Every test runs with openat2 and, name by name, without.</summary>
public abstract class JailTests : IDisposable
{
    private readonly Playground _ground = new();
    private readonly LocalFileStore _store;
    private readonly string _outside;

    private protected JailTests(FileCalls calls)
    {
        File.WriteAllText(_ground["ok"], "ok");
        Directory.CreateDirectory(_ground["real"]);
        _store = LocalFileStore.Open(_ground.Inside, null, calls);
        _outside = _ground.DescribeOutside();
    }

    public static TheoryData<string> Operations => StoreOperations.Names;

    public static TheoryData<string, string> Links => new()
    {
        { "relative, inside", "real" },
        { "relative, outside", "../outside" },
        { "out and back in", "../share/real" },
        { "absolute, inside", "INSIDE/real" },
        { "absolute, outside", "OUTSIDE" },
        { "dangling", "nothing" },
        { "loop", "LINK" },
        { "chain", "CHAIN" },
        { "magic root", "/proc/self/root" },
        { "magic folder", "/proc/self/cwd" },
        { "itself", "." },
    };

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _store.Dispose();
        try
        {
            Assert.Equal(_outside, _ground.DescribeOutside());
            Assert.All(_ground.Staged, name => Assert.Fail("left in staging: " + name));
        }
        finally
        {
            _ground.Dispose();
        }
    }

    [Theory] // A12
    [MemberData(nameof(Operations))]
    public async Task Nothing_is_done_through_a_planted_link_to_a_folder(string operation)
    {
        File.CreateSymbolicLink(_ground["link"], _ground.Outside);
        foreach (string path in (string[])["/link/secret", "/link/inner", "/link/new"])
            await RefusesTaskAsync(FileError.NotFound, () => StoreOperations.All[operation](_store, At(path)));
        Assert.Equal("ok", File.ReadAllText(_ground["ok"]));
    }

    [Theory] // A11
    [MemberData(nameof(Operations))]
    public async Task A_planted_link_is_never_followed_and_can_be_removed_or_moved(string operation)
    {
        foreach (string target in (string[])["secret", "inner", "absent"])
        {
            File.CreateSymbolicLink(_ground["link"], Path.Combine(_ground.Outside, target));
            FileError? refusal = (await Record.ExceptionAsync(() => StoreOperations.All[operation](_store, At("/link"))) as FileException)?.Reason;

            Assert.Equal(operation switch
            {
                "stat" or "next" or "remove" or "remove all" or "rename from" => null, // next: beside the link
                "open" or "copy" or "replace" or "replace with parents" or "rename over" or "set time" or "set mode" => FileError.NotRegular,
                "create" or "mkdir" or "rename to" => FileError.Exists,
                _ => FileError.NotFound,
            }, refusal);
            Assert.Equal(operation is "remove" or "remove all" or "rename from", new FileInfo(_ground["link"]).LinkTarget is null);
            File.Delete(_ground["link"]);
            File.Delete(_ground["taken"]);
        }
    }

    [Theory] // A13, A19
    [MemberData(nameof(Links))]
    public async Task Links_of_every_kind_are_shown_and_lead_nowhere(string kind, string target)
    {
        target = target.Replace("INSIDE", _ground.Inside, StringComparison.Ordinal).Replace("OUTSIDE", _ground.Outside, StringComparison.Ordinal)
            .Replace("LINK", "link", StringComparison.Ordinal);
        if (kind == "chain")
        {
            for (int i = 0; i < 41; i++)
                File.CreateSymbolicLink(_ground[$"c{i}"], i == 40 ? "real" : $"c{i + 1}");
            target = "c0";
        }

        File.CreateSymbolicLink(_ground["link"], target);
        FileEntry entry = await _store.StatAsync(At("/link"));
        Assert.Equal((FileKind.Link, 0), (entry.Kind, entry.Size));
        await RefusesAsync(FileError.NotRegular, () => _store.OpenAsync(At("/link")));
        foreach ((string name, Func<IFileStore, VirtualPath, Task> operation) in StoreOperations.All)
        {
            string? message = (await Record.ExceptionAsync(() => operation(_store, At("/link/x"))))?.Message;
            Assert.True(message == "There is no such file or folder.", $"{name}: {message}"); // A29: as if nothing were there
        }

        Assert.Equal(2, (await _store.MeasureAsync(VirtualPath.Root)).Bytes);
    }

    [Fact] // A15
    public async Task Each_side_of_a_rename_is_confined()
    {
        Directory.CreateSymbolicLink(_ground["link"], _ground.Outside);
        Directory.CreateDirectory(_ground["a/b/c"]);
        File.WriteAllText(_ground["a/b/c/f"], "f");
        foreach ((string from, string to) in ((string, string)[])[("/ok", "/link/x"), ("/link/secret", "/x"), ("/link/secret", "/link/x"),
            ("/a/b/c/f", "/link/inner/x"), ("/link/inner", "/a/b/c/x"), ("/a", "/link/inner/a")])
        {
            foreach (bool overwrite in (bool[])[false, true])
                await RefusesAsync(FileError.NotFound, () => _store.RenameAsync(At(from), At(to), overwrite));
        }
    }

    [Fact] // A16, static: at every depth
    public async Task Folders_are_not_made_below_a_link_at_any_depth()
    {
        Directory.CreateDirectory(_ground["a/b"]);
        Directory.CreateSymbolicLink(_ground["a/b/c"], Path.Combine(_ground.Outside, "inner"));
        await RefusesAsync(FileError.NotFound, () => _store.MakeFolderAsync(At("/a/b/c/d/e"), parents: true));
        await RefusesAsync(FileError.NotFound, () => _store.MakeFolderAsync(At("/a/b/c/d"), parents: false));
        await RefusesTaskAsync(FileError.NotFound, () => _store.PutAsync("/a/b/c/d/e", "x", new PublishOptions { MakeParents = true }));
    }

    [Fact] // A17, static; A02, A01: paths stop at the root
    public async Task Removing_a_tree_removes_its_links_and_not_what_they_lead_to()
    {
        Directory.CreateDirectory(_ground["tree/deep"]);
        Directory.CreateSymbolicLink(_ground["tree/deep/out"], _ground.Outside);
        File.CreateSymbolicLink(_ground["tree/secret"], Path.Combine(_ground.Outside, "secret"));
        Host.MakePipe(_ground["tree/pipe"]);
        File.WriteAllText(_ground["tree/f"], "1234");
        long removed = 0;
        await _store.RemoveAsync(At("/../../tree"), recursive: true, entry => removed += entry.Size);
        Assert.False(Directory.Exists(_ground["tree"]));
        Assert.Equal(4, removed);
    }

    [Fact] // A18
    public async Task A_store_stays_with_its_folder_whatever_becomes_of_the_name()
    {
        Directory.CreateDirectory(_ground["home/alex"]);
        using IFileStore home = _store.OpenFolder(At("/home/alex"), create: false);
        Directory.Move(_ground["home/alex"], _ground["home/gone"]);
        Directory.CreateSymbolicLink(_ground["home/alex"], _ground.Outside);

        await home.PutAsync("/f", "f");
        Assert.Equal("f", File.ReadAllText(_ground["home/gone/f"]));
        await RefusesTaskAsync(FileError.NotFound, async () => _store.OpenFolder(At("/home/alex"), create: true).Dispose());

        Directory.Move(_ground.Inside, _ground.Inside + ".moved");
        Directory.CreateSymbolicLink(_ground.Inside, _ground.Outside);
        try
        {
            await _store.PutAsync("/after", "x");
            Assert.Equal(["after", "home", "ok", "real"], await _store.NamesAsync("/"));
        }
        finally
        {
            File.Delete(_ground.Inside);
            Directory.Move(_ground.Inside + ".moved", _ground.Inside);
        }
    }

    [Fact] // A23, A24
    public async Task Pipes_sockets_and_devices_are_listed_and_nothing_else()
    {
        Host.MakePipe(_ground["pipe"]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_ground["socket"]));
        foreach (string path in (string[])["/pipe", "/socket"])
        {
            Assert.Equal(FileKind.Other, (await _store.StatAsync(At(path))).Kind);
            // On a thread of its own: who opened a pipe carelessly would wait in there for ever.
            await RefusesAsync(FileError.NotRegular, () => new ValueTask<IStoredFile>(
                Task.Run(async () => await _store.OpenAsync(At(path))).WaitAsync(TimeSpan.FromSeconds(5))));
            await RefusesTaskAsync(FileError.NotRegular, () => _store.PutAsync(path, "x"));
            await RefusesAsync(FileError.NotRegular, () => _store.RenameAsync(At("/ok"), At(path), overwrite: true));
            await RefusesAsync(FileError.NotFolder, () => _store.ListAsync(At(path), null, 10));
            await RefusesAsync(FileError.NotRegular, () => _store.SetAttributesAsync(At(path), DateTimeOffset.UnixEpoch, null));
        }

        await RefusesAsync(FileError.IsFolder, () => _store.OpenAsync(At("/real")));
        await RefusesTaskAsync(FileError.IsFolder, () => _store.PutAsync("/real", "x"));
        await _store.RemoveAsync(At("/pipe"), recursive: false, _ => Assert.Fail("a pipe is no file"));
    }

    [Fact] // A26
    public async Task What_the_server_keeps_for_itself_is_neither_seen_nor_reached()
    {
        await using IStagedFile staged = await _store.StageAsync(null, "record"u8.ToArray());
        await staged.AppendAsync(new byte[1000]);
        Assert.Equal(["ok", "real"], await _store.NamesAsync("/"));
        Assert.Equal(new StoreUsage(2, 1), await _store.MeasureAsync(VirtualPath.Root));
        foreach (string path in (string[])["/.dialtone", "/.dialtone/uploads", "/x/../.dialtone", "/.DIALTONE/uploads", "/.dialtone."])
            Assert.False(VirtualPath.TryParse(path, null, out _, out _));
        foreach (string folder in (string[])[".dialtone", ".dialtone/uploads"])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Playground.ModeOf(_ground[folder]));
        await staged.DiscardAsync();
    }

    [Fact] // A29
    public async Task No_refusal_tells_a_place_on_the_disk()
    {
        Directory.CreateSymbolicLink(_ground["link"], _ground.Outside);
        Host.MakePipe(_ground["pipe"]);
        foreach (string path in (string[])["/link", "/link/secret", "/pipe", "/pipe/x", "/ok/x", "/real", "/absent", "/absent/x"])
        {
            foreach (Func<IFileStore, VirtualPath, Task> operation in StoreOperations.All.Values)
            {
                if (await Record.ExceptionAsync(() => operation(_store, At(path))) is not { } refusal)
                    continue;
                Assert.IsType<FileException>(refusal);
                Assert.DoesNotContain('/', refusal.Message);
                Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("share", refusal.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact] // names on the disk that no path can say
    public async Task Names_that_cannot_be_asked_for_are_left_out_and_go_with_their_folder()
    {
        Directory.CreateDirectory(_ground["odd"]);
        byte[][] names = ["\xff\xfe"u8.ToArray(), [0xff, 0xfe], [0xc0, 0xaf], [(byte)'a', 0x1b], [0xc2, 0x9b], [(byte)'a', (byte)'\\'], [(byte)'\n']];
        foreach (byte[] name in names)
            Host.MakeFile(_ground["odd"], name);
        Host.MakeFile(_ground["odd"], Encoding.UTF8.GetBytes("é"));

        Assert.Equal(["\u00ff\u00fe", "é"], (await _store.NamesAsync("/odd")).OrderDescending(StringComparer.Ordinal));
        Assert.Equal(names.Length - 1, _store.SkippedNames);
        Assert.Equal(8, (await _store.MeasureAsync(At("/odd"))).Files);
        int removed = 0;
        await _store.RemoveAsync(At("/odd"), recursive: true, _ => removed++);
        Assert.Equal(8, removed);
    }
}

public sealed class JailByOpenat2Tests() : JailTests(FileCalls.System);

public sealed class JailWithoutOpenat2Tests() : JailTests(FaultyCalls.Without("openat2", Errno.NoSystemCall));

public sealed class JailUnderAFilterTests() : JailTests(FaultyCalls.Without("openat2", Errno.NotPermitted));
