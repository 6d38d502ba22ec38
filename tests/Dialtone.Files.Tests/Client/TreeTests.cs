using System.Text;
using Dialtone.Files.Tests.Native;

namespace Dialtone.Files.Tests.Client;

public sealed class TreeTests
{
    [Theory]
    [InlineData("memory:", false, 1, false)]
    [InlineData("tcp://127.0.0.1:0", true, 1, false)]
    [InlineData("tcp://127.0.0.1:0", true, 3, false)]
    [InlineData("tls://127.0.0.1:0", true, 2, false)]
    [InlineData("tcp://127.0.0.1:0", true, 1, true)]
    [InlineData("tls://127.0.0.1:0", true, 3, true)]
    public async Task A_tree_goes_there_and_comes_back_and_the_second_time_nothing_travels(string listen, bool local, int jobs, bool blocking)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen, local);
        await using FileClient client = await share.ConnectAsync(options => options with { Jobs = jobs, Dial = options.Dial with { Blocking = blocking } });
        string source = MakeTree(share);
        TreeReport put = await client.PutTreeAsync(source, "/tree");
        Assert.Empty(put.Failures);
        Assert.Equal((306, 0), (put.Files, put.Skipped));
        TreeReport again = await client.PutTreeAsync(source, "/tree");
        Assert.Equal((0, 306), (again.Files, again.Skipped));
        string target = Path.Combine(share.Scratch, "back");
        var seen = new Watch(static _ => false, null);
        TreeReport get = await client.GetTreeAsync("/tree", target, progress: seen);
        Assert.Empty(get.Failures);
        Assert.Equal(306, get.Files);
        Assert.Equal(put.Bytes, get.Bytes);
        Assert.Equal((306, get.Bytes), (seen.Last.FilesDone, seen.Last.Bytes));
        Assert.Equal(Describe(source), Describe(target));
        TreeReport unchanged = await client.GetTreeAsync("/tree", target);
        Assert.Equal((0, 306), (unchanged.Files, unchanged.Skipped));
        TreeReport sums = await client.GetTreeAsync("/tree", target, new TreeOptions { Checksum = true });
        Assert.Equal((0, 306), (sums.Files, sums.Skipped));
        TreeReport putSums = await client.PutTreeAsync(source, "/tree", new TreeOptions { Checksum = true });
        Assert.Equal((0, 306), (putSums.Files, putSums.Skipped));
    }

    [Fact]
    public async Task Only_what_differs_travels_and_what_is_extra_goes_if_asked()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await using FileClient client = await share.ConnectAsync();
        string source = MakeTree(share);
        await client.PutTreeAsync(source, "/tree");
        File.WriteAllText(Path.Combine(source, "many", "f007"), "changed");
        File.Delete(Path.Combine(source, "many", "f008"));
        Directory.Delete(Path.Combine(source, "deep"), recursive: true);
        var mirror = new TreeOptions { Delete = true };
        TreeReport plan = await client.PutTreeAsync(source, "/tree", mirror with { DryRun = true });
        Assert.Equal(["many/f007", "-deep", "-many/f008"], plan.Plan);
        TreeReport done = await client.PutTreeAsync(source, "/tree", mirror);
        Assert.Equal((1, 2), (done.Files, done.Deleted));
        string target = Path.Combine(share.Scratch, "back");
        await client.GetTreeAsync("/tree", target);
        Assert.Equal(Describe(source), Describe(target));

        File.WriteAllText(Path.Combine(target, "many", "extra"), "x");
        Directory.CreateDirectory(Path.Combine(target, "more", "inner"));
        plan = await client.GetTreeAsync("/tree", target, mirror with { DryRun = true });
        Assert.Equal(["-many/extra", "-more"], plan.Plan.Order(StringComparer.Ordinal));
        Assert.Equal(2, (await client.GetTreeAsync("/tree", target, mirror)).Deleted);
        Assert.Equal(Describe(source), Describe(target));
    }

    [Fact]
    public async Task Links_pipes_and_names_that_cannot_travel_are_reported_and_the_rest_travels()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await using FileClient client = await share.ConnectAsync();
        string source = Directory.CreateDirectory(Path.Combine(share.Scratch, "tree")).FullName;
        File.WriteAllText(Path.Combine(source, "good"), "x");
        File.WriteAllText(Path.Combine(source, "back\\slash"), "x");
        File.CreateSymbolicLink(Path.Combine(source, "link"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(source, "folder"), "/etc");
        TreeReport report = await client.PutTreeAsync(source, "/t");
        Assert.Equal(1, report.Files);
        Assert.Equal(["back\\slash", "folder", "link"], report.Failures.Select(static failure => failure.Path).Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(share.Root, "t", "folder")));

        File.CreateSymbolicLink(Path.Combine(share.Root, "t", "link"), "/etc/passwd");
        string target = Path.Combine(share.Scratch, "back");
        report = await client.GetTreeAsync("/t", target);
        Assert.Equal(["link"], report.Failures.Select(static failure => failure.Path));
        Assert.Equal(["good"], Directory.EnumerateFileSystemEntries(target).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_link_planted_in_the_target_is_not_followed()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await share.WriteAsync("/t/sub/file", "new"u8.ToArray());
        await share.WriteAsync("/t/name", "new"u8.ToArray());
        string target = Directory.CreateDirectory(Path.Combine(share.Scratch, "back")).FullName;
        string outside = Directory.CreateDirectory(Path.Combine(share.Scratch, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "secret"), "old");
        Directory.CreateSymbolicLink(Path.Combine(target, "sub"), outside);
        File.CreateSymbolicLink(Path.Combine(target, "name"), Path.Combine(outside, "secret"));
        await using FileClient client = await share.ConnectAsync();
        TreeReport report = await client.GetTreeAsync("/t", target);
        Assert.NotEmpty(report.Failures);
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("old", File.ReadAllText(Path.Combine(outside, "secret")));
        Assert.Null(new FileInfo(Path.Combine(target, "name")).LinkTarget);
    }

    [Fact]
    public async Task A_tree_that_changes_while_it_is_fetched_is_reported_and_does_not_hang()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        for (int file = 0; file < 300; file++)
            await share.WriteAsync($"/t/f{file}", NativeShare.RandomBytes(200_000, file));
        await using FileClient client = await share.ConnectAsync();
        var seen = new Watch(
            progress =>
            {
                if (progress.FilesDone > 0 && Directory.Exists(Path.Combine(share.Root, "t")))
                    Directory.Delete(Path.Combine(share.Root, "t"), recursive: true);
                return false;
            },
            null);
        TreeReport report = await client.GetTreeAsync("/t", Path.Combine(share.Scratch, "back"), progress: seen);
        Assert.Equal(300, report.Files + report.Failures.Count);
        Assert.All(report.Failures, static failure => Assert.Equal(FileError.NotFound, failure.Error.Reason));
    }

    [Fact]
    public async Task A_file_beyond_the_quota_fails_alone()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", configure: options => options with { ShareQuota = new Quota(2_000_000, null) });
        await using FileClient client = await share.ConnectAsync();
        string source = Path.Combine(share.Scratch, "tree");
        for (int file = 0; file < 20; file++)
            share.ScratchFile($"tree/f{file:00}", NativeShare.RandomBytes(1000, file));
        share.ScratchFile("tree/f05big", new byte[9_000_000]);
        TreeReport report = await client.PutTreeAsync(source, "/t");
        TreeFailure failure = Assert.Single(report.Failures);
        Assert.Equal(("f05big", FileError.QuotaExceeded), (failure.Path, failure.Error.Reason));
        Assert.Equal(20, report.Files);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/x")]
    [InlineData("a/../../x")]
    [InlineData("a//x")]
    [InlineData("a\\x")]
    [InlineData("a\u0007x")]
    [InlineData("")]
    [InlineData(".")]
    public async Task Names_from_an_evil_server_do_not_touch_the_disk(string name)
    {
        string line = $$"""{"path":{{System.Text.Json.JsonSerializer.Serialize(name)}},"type":"file","size":1,"mtime":0,"mode":"644"}""" + "\n";
        byte[] body = Encoding.UTF8.GetBytes(line + """{"path":"good","type":"file","size":1,"mtime":0,"mode":"644"}""" + "\n");
        string scratch = Directory.CreateTempSubdirectory("dialtone-evil-").FullName;
        await using EvilServer evil = await EvilServer.StartAsync(request => request switch
        {
            "hello" => [RawCaller.Frame("""{"id":ID,"ok":true,"version":1,"server":"evil","rights":"all"}""")],
            "list" => [RawCaller.Frame($$"""{"id":ID,"ok":true,"size":{{body.Length}}}""", body)],
            _ => [RawCaller.Frame("""{"id":ID,"ok":true,"size":1,"total":1,"mtime":0,"mode":"644","crc32c":"a93c5f93"}""", "x"u8)],
        });
        await using (FileClient client = await FileClient.ConnectAsync(evil.Address))
        {
            string target = Path.Combine(scratch, "in", "target");
            Directory.CreateDirectory(target);
            TreeReport report = await client.GetTreeAsync("/", target);
            Assert.Contains(report.Failures, static failure => failure.Error.Reason == FileError.BadPath);
            Assert.Equal(["good", "in", "target"], Directory.EnumerateFileSystemEntries(scratch, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Where(static entry => entry != "").Order());
        }

        Directory.Delete(scratch, recursive: true);
    }

    internal static string MakeTree(NativeShare share)
    {
        for (int file = 0; file < 300; file++)
            share.ScratchFile($"tree/many/f{file:000}", NativeShare.RandomBytes(file * 20, file));
        share.ScratchFile("tree/deep/a/b/c/file", [1]);
        share.ScratchFile("tree/deep/a/large", NativeShare.RandomBytes(1_500_000));
        share.ScratchFile("tree/empty file", []);
        share.ScratchFile("tree/ünï/cödé ☃", [1, 2]);
        share.ScratchFile("tree/" + new string('n', 255), [3]);
        share.ScratchFile("tree/a'b\"c{d", [3]);
        string top = Path.Combine(share.Scratch, "tree");
        Directory.CreateDirectory(Path.Combine(top, "empty", "inner"));
        File.SetLastWriteTimeUtc(Path.Combine(top, "many", "f001"), new DateTime(1999, 12, 31, 23, 59, 59, DateTimeKind.Utc));
        File.SetUnixFileMode(Path.Combine(top, "many", "f002"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return top;
    }

    internal static string Describe(string top) => string.Join('\n', Directory.EnumerateFileSystemEntries(top, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => Directory.Exists(path)
            ? Path.GetRelativePath(top, path) + "/"
            : $"{Path.GetRelativePath(top, path)} {File.GetLastWriteTimeUtc(path).Ticks} {File.GetUnixFileMode(path)} {Crc32C.ToText(Crc32C.Compute(File.ReadAllBytes(path)))}"));
}
