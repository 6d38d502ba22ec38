using System.Text;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>The tutorials' client that puts files behind a JSON header (T5) against ours, and one port for all tongues.</summary>
public sealed class JsonPutTests
{
    [Theory]
    [InlineData("calls")]
    [InlineData("one")]
    [InlineData("all")]
    [InlineData("bytes")]
    public async Task Many_puts_on_one_connection_arrive_in_silence(string style)
    {
        await using Share share = await WritableAsync();
        Assert.Equal(["b''"], await RunAsync(share, style, "put\ta.txt\t5000", "put\tempty\t0", "put\tb é文 .txt\t3", "put\ta.txt\t7", "full\t/a/b/c/full.txt\t500\tright", "put\tlast\t1"));
        foreach ((string name, int size) in new[] { ("a.txt", 7), ("empty", 0), ("b é文 .txt", 3), ("full.txt", 500), ("last", 1) })
            Assert.Equal(Share.Content(size), await share.WaitForAsync("/" + name));
    }

    [Fact]
    public async Task A_large_file_arrives_line_by_line()
    {
        await using Share share = await WritableAsync();
        Assert.Equal(["b''"], await RunAsync(share, "calls", "put\tbig\t1200007"));
        Assert.Equal(Share.Digest(Share.Content(1_200_007)), Share.Digest(await share.WaitForAsync("/big")));
    }

    [Fact]
    public async Task A_digest_that_is_wrong_publishes_nothing()
    {
        await using Share share = await WritableAsync();
        await share.WriteAsync("/a", Share.Content(3));
        await RunAsync(share, "calls", "full\ta\t500\twrong");
        Assert.Equal(Share.Content(3), await share.ReadAsync("/a"));
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    public async Task A_peer_that_vanishes_in_the_middle_of_a_file_leaves_nothing_behind(string how)
    {
        await using Share share = await WritableAsync();
        foreach (int sent in new[] { 0, 1, 4999 })
            Assert.Equal(["left"], await RunAsync(share, "one", $"part\ta\t5000\t{sent}\t{how}"));
        await RunAsync(share, "one", "put\tb\t1");
        await share.WaitForAsync("/b");
        Assert.Null(await share.ReadAsync("/a"));
    }

    [Fact]
    public async Task Another_command_closes_the_connection()
    {
        await using Share share = await WritableAsync();
        await RunAsync(share, "calls", "cmd\tdelete_everything");
        await Share.TrueAsync(() => Task.FromResult(share.Server.ActiveConnections == 0), "it is closed");
        Assert.Equal(["home", "home/alex", "home/alex2"], await share.NamesAsync("/"));
    }

    [Theory]
    [InlineData("../../alex2/x", "x")]
    [InlineData("/etc/x", "x")]
    public async Task Of_a_name_only_the_last_component_counts(string name, string stored)
    {
        await using Share share = await WritableAsync();
        await RunAsync(share, "one", $"put\t{name}\t3");
        await share.WaitForAsync("/" + stored);
        Assert.Equal(["home", "home/alex", "home/alex2", stored], await share.NamesAsync("/"));
    }

    [Fact]
    public async Task Before_any_right_is_given_nothing_is_stored()
    {
        await using Share share = await Share.StartAsync();
        await RunAsync(share, "one", "put\ta\t3");
        await Share.TrueAsync(() => Task.FromResult(share.Server.ActiveConnections == 0), "it is closed");
        Assert.Null(await share.ReadAsync("/a"));
    }

    [Fact]
    public async Task Behind_an_hmac_challenge_it_works_and_without_the_key_it_does_not()
    {
        await using Share share = await Share.StartAsync(door: true);
        Assert.Equal(["b''"], await share.RunAsync("json_put_client.py", "calls", Share.DoorKey, ["put\ta\t3"]));
        await share.WaitForAsync("/a");
        await share.RunAsync("json_put_client.py", "calls", "another key", ["put\tb\t3"]);
        await Share.TrueAsync(() => Task.FromResult(share.Server.ActiveConnections == 0), "it is closed");
        Assert.Null(await share.ReadAsync("/b"));
    }

    [Fact]
    public async Task Our_client_puts_to_our_server()
    {
        await using Share share = await WritableAsync();
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Json, share.Address);
        using var source = new MemoryStream(Share.Content(70_000));
        await client.PutAsync(source, 70_000, "/a b é");
        Assert.Equal(Share.Content(70_000), await share.WaitForAsync("/a b é"));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00")]
    [InlineData("FileTransfex|")]
    [InlineData("ftp_authenticatioN|a|b")]
    public async Task What_speaks_no_tongue_is_closed_with_one_line(string bytes)
    {
        await using Share share = await WritableAsync();
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
        await peer.SendAsync(Encoding.Latin1.GetBytes(bytes));
        Assert.NotEqual(PeerEnding.StillOpen, await peer.WaitForEndAsync());
        await Share.TrueAsync(() => Task.FromResult(share.Log.Lines.Count(line => line.Contains("speaks no tongue", StringComparison.Ordinal)) == 1), "one line");
    }

    private static Task<Share> WritableAsync() => Share.StartAsync(options => options with { Anonymous = FileRights.Browse | FileRights.Write });

    private static Task<string[]> RunAsync(Share share, string style, params string[] steps) => share.RunAsync("json_put_client.py", style, steps);
}
