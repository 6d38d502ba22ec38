using System.Text;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>The tutorials' client by text (T6) against ours.</summary>
public sealed class TextTongueTests
{
    private const string Missing = "get FileTransfer|get|file doesn't exist";

    [Theory]
    [InlineData("whole")]
    [InlineData("bytes")]
    [InlineData("slow")]
    [InlineData("halves")]
    public async Task One_connection_gets_many_files_however_requests_arrive(string style)
    {
        await using Share share = await AnonymousAsync(FileRights.Browse, new SlowTime(10));
        await share.WriteAsync("/docs/a b é文.txt", Share.Content(5000));
        await share.WriteAsync("/empty", []);
        Assert.Equal(
            [$"get {Share.Digest(Share.Content(5000))}", $"get {Share.Digest([])}", Missing, $"get {Share.Digest(Share.Content(5000))}", "leave"],
            await RunAsync(share, style, "get\tdocs/a b é文.txt", "get\tempty", "get\tdocs", "get\tdocs/a b é文.txt", "leave"));
    }

    [Fact]
    public async Task Large_and_small_files_come_back()
    {
        await using Share share = await AnonymousAsync(FileRights.Browse);
        int[] sizes = [1, 99, 100, 101, 1024, 1_500_003, 0];
        foreach (int size in sizes)
            await share.WriteAsync($"/{size}", Share.Content(size));
        Assert.Equal(sizes.Select(size => $"get {Share.Digest(Share.Content(size))}"), await RunAsync(share, "whole", [.. sizes.Select(size => $"get\t{size}")]));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("../secret")]
    [InlineData("/../../etc/passwd")]
    [InlineData("..\\a")]
    [InlineData("a\0.txt")]
    [InlineData("a|b")]
    [InlineData("a|")]
    [InlineData(".dialtone/uploads")]
    [InlineData(".")]
    public async Task What_is_no_file_of_the_share_does_not_exist(string name)
    {
        await using Share share = await AnonymousAsync(FileRights.Browse);
        await share.WriteAsync("/a", [1]);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync(Encoding.UTF8.GetBytes($"FileTransfer|get|{name}"));
        Assert.Equal("FileTransfer|get|file doesn't exist", Encoding.ASCII.GetString(await peer.ReceiveAsync(35)));
        await peer.SendAsync("FileTransfer|get|a"u8.ToArray()); // and the conversation goes on
        Assert.Equal("FileTransfer|get|ready|1", Encoding.ASCII.GetString(await peer.ReceiveAsync(24)));
    }

    [Theory]
    [InlineData("FileTransfer|get|recv_readyFileTransfer|get|b")] // the acknowledgement and the next request in one piece
    [InlineData("  FileTransfer|get|recv_ready\r\nFileTransfer|get|b\n")]
    [InlineData("FileTransfer|get|b")]                            // no acknowledgement at all
    public async Task After_an_empty_file_the_next_request_may_come_at_once(string bytes)
    {
        await using Share share = await AnonymousAsync(FileRights.Browse);
        await share.WriteAsync("/empty", []);
        await share.WriteAsync("/b", Share.Content(12));
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync("FileTransfer|get|empty \r\n"u8.ToArray());
        Assert.Equal("FileTransfer|get|ready|0", Encoding.ASCII.GetString(await peer.ReceiveAsync(24)));
        await peer.SendAsync(Encoding.ASCII.GetBytes(bytes));
        Assert.Equal("FileTransfer|get|ready|12", Encoding.ASCII.GetString(await peer.ReceiveAsync(25)));
    }

    [Fact]
    public async Task Whoever_asks_for_another_file_instead_of_taking_one_gets_that()
    {
        await using Share share = await AnonymousAsync(FileRights.Browse);
        await share.WriteAsync("/a", Share.Content(5));
        await share.WriteAsync("/b", Share.Content(6));
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync("FileTransfer|get|a"u8.ToArray());
        Assert.Equal("FileTransfer|get|ready|5", Encoding.ASCII.GetString(await peer.ReceiveAsync(24)));
        await peer.SendAsync("FileTransfer|get|b"u8.ToArray());
        Assert.Equal("FileTransfer|get|ready|6", Encoding.ASCII.GetString(await peer.ReceiveAsync(24)));
        await peer.SendAsync("FileTransfer|get|recv_ready"u8.ToArray());
        Assert.Equal(Share.Content(6), await peer.ReceiveAsync(6));
    }

    [Fact]
    public async Task Put_replaces_and_needs_its_rights()
    {
        await using Share share = await AnonymousAsync(FileRights.Browse | FileRights.Write);
        await share.WriteAsync("/a", Share.Content(5));
        Assert.Equal(
            ["put FileTransfer|put|recv_ready", "put FileTransfer|put|recv_ready", "put FileTransfer|put|recv_ready", $"get {Share.Digest(Share.Content(1_000_001))}", "leave"],
            await RunAsync(share, "whole", "put\ta\t7", "put\tb é\t0", "put\tc\t1000001", "get\tc", "leave"));
        Assert.Equal(Share.Content(7), await share.ReadAsync("/a"));
        Assert.Empty((await share.ReadAsync("/b é"))!);

        await using Share readOnly = await AnonymousAsync(FileRights.Browse);
        Assert.Equal(["put FileTransfer|put|error|permission denied"], await RunAsync(readOnly, "whole", "put\ta\t7"));
        Assert.DoesNotContain("a", await readOnly.NamesAsync("/"));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_what_stood_there()
    {
        await using Share share = await AnonymousAsync(FileRights.Browse | FileRights.Write);
        await share.WriteAsync("/a", Share.Content(5));
        foreach (string how in new[] { "close", "reset" })
            await RunAsync(share, "whole", $"part\ta\t100000\t99999\t{how}");
        Assert.Equal(["put FileTransfer|put|recv_ready", "leave"], await RunAsync(share, "whole", "put\tb\t1", "leave"));
        Assert.Equal(Share.Content(5), await share.ReadAsync("/a"));
    }

    [Fact]
    public async Task The_share_s_quota_holds()
    {
        await using Share share = await Share.StartAsync(
            options => options with { Anonymous = FileRights.Browse | FileRights.Write, ShareQuota = new Quota(1000) });
        Assert.Equal(
            ["put FileTransfer|put|error|quota exceeded", "put FileTransfer|put|recv_ready", "put FileTransfer|put|error|quota exceeded", "leave"],
            await RunAsync(share, "whole", "put\ta\t1001", "put\ta\t1000", "put\tb\t1", "leave"));
    }

    [Fact]
    public async Task Before_any_right_is_given_nothing_exists_and_the_connection_is_closed()
    {
        await using Share share = await Share.StartAsync();
        await share.WriteAsync("/a", Share.Content(5));
        Assert.Equal([Missing, "end"], await RunAsync(share, "whole", "get\ta", "end"));
        Assert.Contains(share.Log.Lines, line => line.Contains("before any right was given", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Behind_an_hmac_challenge_it_works_and_without_the_key_it_does_not()
    {
        await using Share share = await Share.StartAsync(door: true);
        await share.WriteAsync("/a", Share.Content(5));
        Assert.Equal(
            [$"get {Share.Digest(Share.Content(5))}", "put FileTransfer|put|recv_ready", "leave"],
            await share.RunAsync("text_client.py", "whole", Share.DoorKey, ["get\ta", "put\tb\t3", "leave"]));
        Assert.Equal(["end"], await share.RunAsync("text_client.py", "whole", "another key", ["end"]));
        Assert.Equal(Share.Content(3), await share.ReadAsync("/b"));
    }

    [Theory]
    [InlineData("FileTransfer|list|")]
    [InlineData("FileTransfers|get|a")]
    [InlineData("FileTransfer|get|a\xC3")]
    public async Task Anything_else_closes_the_connection(string bytes)
    {
        await using Share share = await AnonymousAsync(FileRights.Browse);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync(Encoding.Latin1.GetBytes(bytes));
        Assert.Empty(await peer.ReceiveToEndAsync());
    }

    private static Task<Share> AnonymousAsync(FileRights rights, TimeProvider? time = null) =>
        Share.StartAsync(options => options with { Anonymous = rights }, time: time);

    private static Task<string[]> RunAsync(Share share, string style, params string[] steps) => share.RunAsync("text_client.py", style, steps);
}
