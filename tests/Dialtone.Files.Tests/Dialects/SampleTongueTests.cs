using System.Text;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>The tutorials' client with an account (T7) against ours.</summary>
public sealed class SampleTongueTests
{
    private const string Login = "login\talex\t3714";
    private const string LoggedIn = "login ftp_authentication::success";
    private const string Ready = "file_transfer::put_file::recv_ready";
    private const string Missing = "get file_transfer::get_file::error::file does not exist or is a directory";

    public static readonly TheoryData<string> Styles = ["whole", "bytes", "slow", "halves"];

    [Theory]
    [MemberData(nameof(Styles))]
    public async Task One_connection_serves_them_all_however_requests_arrive(string style)
    {
        await using Share share = await Share.StartAsync(time: new SlowTime(10));
        await share.WriteAsync("/home/alex/docs/a b.txt", Share.Content(5000));
        string[] saw = await RunAsync(
            share, style, Login, "put\tnew.bin\t70000", "put\tnew.bin\t0", "cd\tdocs", "get\ta b.txt", "cd\t..", "delete\tnew.bin docs", "get\tnew.bin", "leave");
        Assert.Equal(
            [
                LoggedIn, $"put {Ready}", $"put {Ready}", "cd switch_dir::ok::/docs", $"get {Share.Digest(Share.Content(5000))}", "cd switch_dir::ok::",
                "delete", Missing, "leave",
            ],
            saw);
        Assert.Equal(["new.bin.0"], await share.NamesAsync("/home/alex"));
    }

    [Theory]
    [InlineData("sequential")]
    [InlineData("inline")]
    [InlineData("thread")]
    [InlineData("pool:4")]
    public async Task Every_policy_serves_them(string policy)
    {
        await using Share share = await Share.StartAsync(concurrency: policy, time: new SlowTime(10));
        foreach (string style in new[] { "whole", "bytes" })
        {
            string[] saw = await RunAsync(share, style, Login, $"put\t{style}\t70000", $"get\t{style}", "list", "leave");
            Assert.Equal([LoggedIn, $"put {Ready}", $"get {Share.Digest(Share.Content(70000))}"], saw[..3]);
            Assert.Contains(saw, line => line.EndsWith($" {style}", StringComparison.Ordinal));
        }
    }

    // ---- log-in ----

    [Fact]
    public async Task Three_failed_log_ins_close_the_connection()
    {
        await using Share share = await Share.StartAsync();
        string[] saw = await RunAsync(share, "whole", "login\talex\twrong", "login\tnobody\t3714", "login\talex2\t", "end");
        Assert.Equal(["login ftp_authentication::failed", "login ftp_authentication::failed", "login ftp_authentication::failed", "end"], saw);
        await Share.TrueAsync(() => Task.FromResult(share.Log.Lines.Any(line => line.Contains("three log-ins failed", StringComparison.Ordinal))), "a line about it");
    }

    [Fact]
    public async Task Two_failed_log_ins_leave_a_third_attempt()
    {
        await using Share share = await Share.StartAsync();
        string[] saw = await RunAsync(share, "whole", "login\talex\twrong", "login\talex\t3715", Login, "cd\t", "leave");
        Assert.Equal([LoggedIn, "cd switch_dir::ok::", "leave"], saw[2..]);
    }

    [Theory]
    [InlineData("ftp_authentication|alex|37|14")]
    [InlineData("ftp_authentication|alex")]
    [InlineData("ftp_authentication||3714")]
    [InlineData("ftp_authentication|../alex|3714")]
    [InlineData("ftp_authentication|alex|")]
    public async Task What_cannot_be_a_log_in_has_failed(string request)
    {
        await using Share share = await Share.StartAsync();
        Assert.Equal(["say", "hear ftp_authentication::failed"], await RunAsync(share, "whole", $"say\t{request}", "hear"));
    }

    [Theory]
    [InlineData("file_transfer|get|a.txt")]
    [InlineData("list_file|")]
    [InlineData("switch_dir|cd ..")]
    [InlineData("delete_file|a.txt")]
    public async Task Before_the_log_in_nothing_else_works(string request)
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/a.txt", [1]);
        Assert.Equal("end", (await RunAsync(share, "whole", $"say\t{request}", "end"))[1]);
        string[] saw = await RunAsync(share, "whole", "login\talex\twrong", $"say\t{request}", "end");
        Assert.Equal(["login ftp_authentication::failed", "say", "end"], saw);
        Assert.NotNull(await share.ReadAsync("/home/alex/a.txt"));
    }

    // ---- get and put ----

    [Fact]
    public async Task Many_puts_on_one_connection_arrive_as_they_were_sent()
    {
        await using Share share = await Share.StartAsync();
        int[] sizes = [0, 1, 1023, 1024, 1025, 0, 65536, 1_200_007, 2, 0];
        string[] saw = await RunAsync(share, "whole", [Login, .. sizes.Select((size, i) => $"put\tfile {i} é文\t{size}"), "leave"]);
        Assert.Equal([LoggedIn, .. sizes.Select(_ => $"put {Ready}"), "leave"], saw);
        for (int i = 0; i < sizes.Length; i++)
            Assert.Equal(Share.Digest(Share.Content(sizes[i])), Share.Digest(await share.WaitForAsync($"/home/alex/file {i} é文")));
    }

    [Fact]
    public async Task Large_files_and_odd_names_come_back()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/ein Wort é文", Share.Content(3_000_001));
        await share.WriteAsync("/home/alex/...", Share.Content(7));
        await share.WriteAsync("/home/alex/..;", Share.Content(8));
        Assert.Equal(
            [LoggedIn, $"get {Share.Digest(Share.Content(3_000_001))}", $"get {Share.Digest(Share.Content(7))}", $"get {Share.Digest(Share.Content(8))}", Missing, Missing],
            await RunAsync(share, "whole", Login, "get\tein Wort é文", "get\t...", "get\t..;", "get\tnone", "get\t."));
    }

    [Fact]
    public async Task A_name_that_is_taken_gets_the_next_free_number()
    {
        await using Share share = await Share.StartAsync();
        await RunAsync(share, "whole", Login, "put\ta\t1", "put\ta\t2", "put\ta\t3", "put\tb.0\t4", "put\tb\t5", "put\tb\t6", "leave");
        Assert.Equal(["a", "a.0", "a.1", "b", "b.0", "b.1"], await share.NamesAsync("/home/alex"));
        foreach ((string name, int size) in new[] { ("a", 1), ("a.0", 2), ("a.1", 3), ("b", 5), ("b.0", 4), ("b.1", 6) })
            Assert.Equal(size, (await share.ReadAsync($"/home/alex/{name}"))!.Length);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    public async Task A_peer_that_vanishes_in_the_middle_of_a_file_leaves_nothing_behind(string how)
    {
        await using Share share = await Share.StartAsync(quota: new Quota(1000));
        foreach (int sent in new[] { 0, 1, 999 })
            Assert.Equal($"part {Ready}", (await RunAsync(share, "whole", Login, $"part\ta\t1000\t{sent}\t{how}"))[1]);
        await Share.TrueAsync(async () => (await RunAsync(share, "whole", Login, "put\tb\t1000", "leave"))[1] == $"put {Ready}", "the room is free again");
        Assert.Equal(["b"], await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task A_size_that_was_cut_in_two_publishes_nothing()
    {
        await using Share share = await Share.StartAsync();
        using UnpleasantPeer peer = await LoggedInAsync(share);
        await peer.SendAsync("file_transfer|put|send_ready|a|12"u8.ToArray());
        Assert.Equal(Ready, Encoding.ASCII.GetString(await peer.ReceiveAsync(Ready.Length))); // taken for 12 bytes
        await peer.SendAsync(Encoding.ASCII.GetBytes("34" + new string('x', 1234)));
        Assert.NotEqual(PeerEnding.StillOpen, await peer.WaitForEndAsync());
        Assert.Empty(await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task A_name_that_was_cut_in_two_sends_nothing()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/a", Share.Content(10));
        await share.WriteAsync("/home/alex/ab", Share.Content(10));
        using UnpleasantPeer peer = await LoggedInAsync(share);
        await peer.SendAsync("file_transfer|get|a"u8.ToArray());
        Assert.Equal("file_transfer::get_file::send_ready::10", Encoding.ASCII.GetString(await peer.ReceiveAsync(39)));
        await peer.SendAsync("bfile_transfer::get_file::recv_ready"u8.ToArray());
        Assert.Empty(await peer.ReceiveToEndAsync());
    }

    [Fact]
    public async Task A_deletion_that_was_cut_in_two_deletes_what_was_meant()
    {
        await using Share share = await Share.StartAsync(time: new SlowTime(20));
        await share.WriteAsync("/home/alex/photos/1", []);
        await share.WriteAsync("/home/alex/photos-old/1", []);
        using UnpleasantPeer peer = await LoggedInAsync(share);
        await peer.SendAsync("delete_file|photos"u8.ToArray());
        await Task.Delay(20);
        await peer.SendAsync("-old"u8.ToArray());
        await Share.TrueAsync(async () => (await share.NamesAsync("/home/alex")).Length == 2, "something is deleted");
        Assert.Equal(["photos", "photos/1"], await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task Requests_and_acknowledgements_that_stick_together_are_told_apart()
    {
        await using Share share = await Share.StartAsync();
        foreach (string name in new[] { "empty", "a", "b", "c" })
            await share.WriteAsync($"/home/alex/{name}", []);
        await share.WriteAsync("/home/alex/full", Share.Content(3));
        using UnpleasantPeer peer = await LoggedInAsync(share);
        await peer.SendAsync("file_transfer|get|empty"u8.ToArray());
        await peer.ReceiveAsync("file_transfer::get_file::send_ready::0".Length);
        await peer.SendAsync(
            "file_transfer::get_file::recv_readyfile_transfer|get|emptydelete_file|a bdelete_file|cfile_transfer|get|afile_transfer|put|send_ready|new|4"u8.ToArray());
        const string Answers = "file_transfer::get_file::send_ready::0"
            + "file_transfer::get_file::error::file does not exist or is a directoryfile_transfer::put_file::recv_ready";
        Assert.Equal(Answers, Encoding.ASCII.GetString(await peer.ReceiveAsync(Answers.Length)));
        await peer.SendAsync("bodylist_file|none"u8.ToArray());
        const string Listing = "cannot list 'none': no such file or folder\n";
        Assert.Equal($"message_transfer::ready::{Listing.Length}", Encoding.ASCII.GetString(await peer.ReceiveAsync(27)));
        await peer.SendAsync("message_transfer::ready::clientswitch_dir|cd"u8.ToArray());
        const string More = Listing + "switch_dir::ok::";
        Assert.Equal(More, Encoding.ASCII.GetString(await peer.ReceiveAsync(More.Length)));
        Assert.Equal(["empty", "full", "new"], await share.NamesAsync("/home/alex"));
        Assert.Equal("body"u8.ToArray(), await share.ReadAsync("/home/alex/new"));
    }

    [Fact]
    public async Task A_content_may_come_in_one_packet_with_its_request()
    {
        await using Share share = await Share.StartAsync();
        Assert.Equal($"stuck {Ready}", (await RunAsync(share, "whole", Login, "stuck\ta\t300", "leave"))[1]);
        Assert.Equal([0xFF, .. Share.Content(299)], await share.ReadAsync("/home/alex/a"));
    }

    [Fact]
    public async Task A_content_that_looks_like_requests_is_content()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/keep", [1]);
        byte[] content = "delete_file|keep list_file| file_transfer|get|keep"u8.ToArray();
        using (UnpleasantPeer peer = await LoggedInAsync(share))
        {
            await peer.SendAsync(Encoding.ASCII.GetBytes($"file_transfer|put|send_ready|log|{content.Length}"));
            await peer.ReceiveAsync(Ready.Length);
            await peer.SendAsync(content);
        }

        Assert.Equal(content, await share.WaitForAsync("/home/alex/log"));
        Assert.NotNull(await share.ReadAsync("/home/alex/keep"));
    }

    [Theory]
    [InlineData("a\t-5")]
    [InlineData("a\tmuch")]
    [InlineData("a\t99999999999999999999")]
    [InlineData("\t5")]
    [InlineData("none/a\t5")]
    [InlineData("..\\a\t5")]
    public async Task A_put_that_cannot_be_is_refused_in_one_answer(string name)
    {
        await using Share share = await Share.StartAsync();
        string[] saw = await RunAsync(share, "whole", Login, $"put\t{name}");
        Assert.StartsWith("put file_transfer::put_file::error::", saw[1], StringComparison.Ordinal);
        Assert.Empty(await share.NamesAsync("/home/alex"));
    }

    // ---- quota ----

    [Fact]
    public async Task Over_quota_is_told_before_a_byte_is_sent()
    {
        await using Share share = await Share.StartAsync(quota: new Quota(1000));
        Assert.Equal(
            [LoggedIn, "put file_transfer::put_file::error::quota exceeded", $"put {Ready}", "put file_transfer::put_file::error::quota exceeded", $"put {Ready}", "leave"],
            await RunAsync(share, "whole", Login, "put\ta\t1001", "put\ta\t600", "put\tb\t401", "put\tc\t400", "leave"));
        Assert.Equal(["a", "c"], await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task What_one_upload_has_set_aside_another_cannot_take()
    {
        await using Share share = await Share.StartAsync(quota: new Quota(1000));
        using UnpleasantPeer first = await LoggedInAsync(share);
        await first.SendAsync("file_transfer|put|send_ready|a|600"u8.ToArray());
        await first.ReceiveAsync(Ready.Length);
        await first.SendAsync(new byte[599]);
        Assert.Equal("put file_transfer::put_file::error::quota exceeded", (await RunAsync(share, "whole", Login, "put\tb\t401"))[1]);
        await first.SendAsync(new byte[1]);
        Assert.Equal(600, (await share.WaitForAsync("/home/alex/a")).Length);
        Assert.Equal($"put {Ready}", (await RunAsync(share, "whole", Login, "put\tb\t400", "leave"))[1]);
    }

    [Fact]
    public async Task A_full_disk_is_told_before_a_byte_is_sent()
    {
        await using Share share = await Share.StartAsync(capacity: 64 * 1024);
        string[] saw = await RunAsync(share, "whole", Login, "put\ta\t70000", "put\tb\t40000", "leave");
        Assert.Equal(["put file_transfer::put_file::error::disk full", $"put {Ready}", "leave"], saw[1..]);
        Assert.Equal(["b"], await share.NamesAsync("/home/alex"));
    }

    // ---- folders ----

    [Fact]
    public async Task Folders_are_walked_up_and_down_and_the_home_is_the_top()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/a/b c/d", [1]);
        await share.WriteAsync("/home/secret", [1]);
        Assert.Equal(
            [
                LoggedIn, "cd switch_dir::ok::/a", "cd switch_dir::ok::/a/b c", "cd switch_dir::ok::/a", "cd switch_dir::ok::", "cd switch_dir::ok::",
                "cd switch_dir::ok::/a/b c", "cd switch_dir::ok::", "cd switch_dir::error::target dir doesn't exist", "cd switch_dir::error::Error:wrong command usage.",
                "cd switch_dir::ok::", "cd switch_dir::ok::/a/b c", "cd switch_dir::error::target dir doesn't exist", Missing,
            ],
            await RunAsync(
                share, "whole", Login, "cd\ta", "cd\tb c", "cd\t..", "cd\t..", "cd\t" + string.Join('/', Enumerable.Repeat("..", 20)), "cd\t/a/b c", "cd\t///", "cd\tnone",
                "cd\ta none", "cd\t", "cd\ta/./b c//", "cd\td", "get\t../../../secret"));
    }

    [Theory]
    [InlineData("switch_dir|ls")]
    [InlineData("switch_dir|cdx")]
    [InlineData("switch_dir|")]
    public async Task Any_other_command_is_wrong_usage(string request)
    {
        await using Share share = await Share.StartAsync();
        Assert.Equal("hear switch_dir::error::Error:wrong command usage.", (await RunAsync(share, "whole", Login, $"say\t{request}", "hear"))[2]);
    }

    [Theory]
    [InlineData("/home/alex2")]
    [InlineData("../alex2")]
    [InlineData("/home/alex/../alex2")]
    [InlineData("..\\alex2")]
    [InlineData("../../home/alex2")]
    [InlineData("%2e%2e/alex2")]
    public async Task The_neighbours_home_whose_name_begins_alike_is_out_of_reach(string path)
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex2/secret", Share.Content(10));
        string[] saw = await RunAsync(
            share, "whole", Login, $"cd\t{path}", $"get\t{path}/secret", $"put\t{path}/new\t3", $"delete\t{path}/secret {path}", $"list\t{path}", "leave");
        Assert.Equal("cd switch_dir::error::target dir doesn't exist", saw[1]);
        Assert.Equal(Missing, saw[2]);
        Assert.StartsWith("put file_transfer::put_file::error::", saw[3], StringComparison.Ordinal);
        Assert.DoesNotContain(saw, line => line.EndsWith(" secret", StringComparison.Ordinal));
        Assert.Equal(["alex", "alex2", "alex2/secret"], await share.NamesAsync("/home"));
    }

    [Fact]
    public async Task A_folder_too_deep_for_one_answer_is_shown_by_its_end()
    {
        await using Share share = await Share.StartAsync();
        string folder = string.Concat(Enumerable.Range(10, 30).Select(i => $"/é{i}"));
        await share.MakeFolderAsync("/home/alex" + folder);
        string[] saw = await RunAsync(share, "whole", Login, $"cd\t{folder}", "cd\t..");
        Assert.All(saw[1..], answer => Assert.InRange(Encoding.UTF8.GetByteCount(answer["cd ".Length..]), 90, 100));
        Assert.StartsWith("cd switch_dir::ok::/.../é", saw[1], StringComparison.Ordinal);
        Assert.EndsWith("/é38/é39", saw[1], StringComparison.Ordinal);
    }

    // ---- list ----

    [Fact]
    public async Task A_list_is_shaped_like_ls()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/a b é.txt", Share.Content(1500));
        await share.WriteAsync("/home/alex/.hidden", []);
        await share.MakeFolderAsync("/home/alex/folder");
        var now = TimeProvider.System.GetUtcNow();
        await share.Store.SetAttributesAsync(VirtualPath.Parse("/home/alex/a b é.txt"), now.AddDays(-400), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await share.Store.SetAttributesAsync(VirtualPath.Parse("/home/alex/folder"), new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero), (UnixFileMode)0b111_101_101);
        string[] saw = await RunAsync(share, "whole", Login, "list", "list\t-a", "list\t'a b é.txt'", "list\tnone", "list\tfolder");
        string year = now.AddDays(-400).ToString("MMM", System.Globalization.CultureInfo.InvariantCulture) + $" {now.AddDays(-400).Day,2}  {now.AddDays(-400).Year}";
        string file = $"-rw------- 1 alex alex 1.5K {year} a b é.txt";
        string folder = $"drwxr-xr-x 1 alex alex 4.0K {now.ToString("MMM", System.Globalization.CultureInfo.InvariantCulture)}  1 00:00 folder";
        Assert.Equal([LoggedIn, "list total 8.0K", file, folder, "list total 8.0K"], saw[..5]);
        Assert.EndsWith(".hidden", saw[5], StringComparison.Ordinal);
        Assert.Equal([file, folder, $"list {file}", "list cannot list 'none': no such file or folder", "list total 0"], saw[6..]);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1023, "1023")]
    [InlineData(1024, "1.0K")]
    [InlineData(1025, "1.1K")]
    [InlineData(10 * 1024, "10K")]
    [InlineData((10 * 1024) - 1, "10K")]
    [InlineData((1024 * 1024) - 1, "1.0M")]
    [InlineData(1024 * 1024 * 1536L, "1.5G")]
    [InlineData(long.MaxValue, "8.0E")]
    public void A_size_is_rounded_up_as_ls_does(long bytes, string shown) => Assert.Equal(shown, LongListing.HumanSize(bytes));

    [Fact]
    public async Task A_large_folder_is_listed_to_a_bound_and_says_so()
    {
        await using Share share = await Share.StartAsync();
        for (int i = 0; i < 10_050; i++)
            await share.WriteAsync($"/home/alex/many/{i:D5}", []);
        string[] saw = await RunAsync(share, "whole", Login, "list\tmany");
        Assert.Equal(1 + 1 + 10_000 + 1, saw.Length);
        Assert.StartsWith("(not all", saw[^1], StringComparison.Ordinal);
    }

    // ---- delete ----

    [Fact]
    public async Task Several_files_and_folders_are_deleted_at_once()
    {
        await using Share share = await Share.StartAsync();
        foreach (string name in new[] { "a", "b/c/d", "b/e", "with space", "it's", "keep/x", "-f" })
            await share.WriteAsync($"/home/alex/{name}", []);
        await RunAsync(share, "whole", Login, "delete\ta b none 'with space' it\\'s -f", "leave");
        Assert.Equal(["keep", "keep/x"], await share.NamesAsync("/home/alex"));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("..")]
    [InlineData("../..")]
    [InlineData("*")]
    [InlineData("; rm -rf x")]
    [InlineData("$(echo x)")]
    public async Task What_the_caller_stands_in_and_what_a_shell_would_make_of_it_stays(string names)
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/home/alex/in/x", []);
        await RunAsync(share, "whole", Login, "cd\tin", $"delete\t{names.Replace(" x", " y", StringComparison.Ordinal)}", "leave");
        Assert.Equal(["in", "in/x"], await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task Rights_hold_in_this_dialect_too()
    {
        await using Share share = await Share.StartAsync();
        share.Accounts.Replace(Share.Alex() with
        {
            Rights = new Dictionary<VirtualPath, FileRights> { [VirtualPath.Root] = FileRights.Browse, [VirtualPath.Parse("/in")] = FileRights.Create },
        });
        await share.WriteAsync("/home/alex/a", [1]);
        await share.WriteAsync("/home/alex/in/b", [1]);
        string[] saw = await RunAsync(share, "whole", Login, "put\tx\t1", "put\tin/y\t1", "get\tin/b", "delete\ta in", "get\ta", "leave");
        Assert.Equal(["put file_transfer::put_file::error::permission denied", $"put {Ready}", Missing, "delete", $"get {Share.Digest([1])}"], saw[1..6]);
        Assert.Equal(["a", "in", "in/b", "in/y"], await share.NamesAsync("/home/alex"));
    }

    // ---- what is no request ----

    [Theory]
    [InlineData("rubbish")]
    [InlineData("file_transfer|rename|a|b")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("list_fileX|")]
    public async Task Anything_else_closes_the_connection_with_a_line_in_the_log(string bytes)
    {
        await using Share share = await Share.StartAsync();
        using UnpleasantPeer peer = await LoggedInAsync(share);
        await peer.SendAsync(Encoding.ASCII.GetBytes(bytes));
        Assert.Empty(await peer.ReceiveToEndAsync());
        await Share.TrueAsync(() => Task.FromResult(share.Log.Lines.Any(line => line.Contains("request", StringComparison.Ordinal))), "a line in the log");
    }

    [Fact]
    public async Task Too_much_before_the_log_in_and_invalid_text_close_the_connection()
    {
        await using Share share = await Share.StartAsync();
        foreach (byte[] bytes in new[] { Encoding.ASCII.GetBytes("ftp_authentication|" + new string('x', 5000)), [.. "ftp_authentication|"u8, 0xFF, .. "|x"u8], [.. "ftp_authentication|a|"u8, 0xC3] })
        {
            using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
            await peer.SendAsync(bytes);
            Assert.NotEqual(PeerEnding.StillOpen, await peer.WaitForEndAsync());
        }
    }

    [Fact]
    public async Task A_server_that_drains_lets_idle_callers_go_and_finishes_what_is_in_hand()
    {
        await using Share share = await Share.StartAsync();
        using UnpleasantPeer idle = await LoggedInAsync(share);
        using UnpleasantPeer busy = await LoggedInAsync(share);
        await busy.SendAsync("file_transfer|put|send_ready|a|10"u8.ToArray());
        await busy.ReceiveAsync(Ready.Length);
        Task stopping = share.Server.StopAsync();
        Assert.Equal(PeerEnding.Finished, await idle.WaitForEndAsync());
        await busy.SendAsync(new byte[10]);
        Assert.Equal(PeerEnding.Finished, await busy.WaitForEndAsync());
        await stopping;
        Assert.Equal(10, (await share.ReadAsync("/home/alex/a"))!.Length);
    }

    private static Task<string[]> RunAsync(Share share, string style, params string[] steps) => share.RunAsync("sample_client.py", style, steps);

    private static async Task<UnpleasantPeer> LoggedInAsync(Share share)
    {
        UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync("ftp_authentication|alex|3714"u8.ToArray());
        Assert.Equal("ftp_authentication::success", Encoding.ASCII.GetString(await peer.ReceiveAsync(27)));
        return peer;
    }
}
