using System.Text;

namespace Dialtone.Files.Tests.Native;

/// <summary>What bad networks do to a conversation: groups I and K of the catalogue.</summary>
public sealed class CutTests
{
    private static readonly byte[] Old = Encoding.ASCII.GetBytes("the old version"), New = Encoding.ASCII.GetBytes("the new version, longer");

    [Theory] // K01, K02
    [InlineData(true, ChaosCut.Finish)]
    [InlineData(true, ChaosCut.Reset)]
    [InlineData(false, ChaosCut.Finish)]
    [InlineData(false, ChaosCut.Reset)]
    public async Task A_session_cut_at_any_byte_fails_cleanly_and_can_be_tried_again(bool toServer, ChaosCut cut)
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        int done = 0;
        for (int after = 0; done < 3; after += 1)
        {
            await share.WriteAsync("/x", Old);
            var flow = new ChaosFlow { CutAfter = after, Cut = cut };
            await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(share.Address, toServer ? new ChaosTcpOptions { ToServer = flow } : new ChaosTcpOptions { ToClient = flow });
            bool succeeded = await TrySessionAsync(share, proxy.Address);
            byte[]? there = await share.ReadAsync("/x");
            Assert.True(there is not null && (there.SequenceEqual(Old) || there.SequenceEqual(New)), $"cut at {after}: a torn file");
            Assert.True(!succeeded || there.SequenceEqual(New), $"cut at {after}: success was told and is not there");
            Assert.True(await TrySessionAsync(share, share.Address), $"cut at {after}: trying again failed");
            Assert.Equal(New, await share.ReadAsync("/x"));
            done += succeeded ? 1 : 0;
            Assert.True(after < 2000, "the session never succeeds");
        }

        Assert.Equal(1, (await share.Service.OpenAnonymous(new FileCaller(null, "test")).UsageAsync()).Used.Files);
    }

    [Fact] // K08
    public async Task A_bit_turned_over_anywhere_in_a_file_is_found()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        byte[] content = NativeShare.RandomBytes(300_000);
        await share.WriteAsync("/x", content);
        for (int index = 0; index < 25; index++)
        {
            // Beyond the headers of hello and get, within the body.
            var flow = new ChaosFlow { FlipBitAt = 2000 + (index * 11_000) };
            await using ChaosTcpProxy down = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { ToClient = flow });
            await using (FileClient client = await share.ConnectAsync(address: down.Address))
            {
                FileException error = await Assert.ThrowsAsync<FileException>(() => client.GetAsync("/x", Stream.Null));
                Assert.Equal(FileError.Corrupt, error.Reason);
            }

            await using ChaosTcpProxy up = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { ToServer = flow });
            await using (FileClient client = await share.ConnectAsync(address: up.Address))
            {
                FileException error = await Assert.ThrowsAsync<FileException>(() => client.PutAsync(new MemoryStream(content), "/y"));
                Assert.Equal(FileError.Corrupt, error.Reason);
            }

            Assert.Null(await share.ReadAsync("/y"));
        }
    }

    [Fact] // K08
    public async Task A_bit_turned_over_in_a_small_file_within_a_tree_is_found_and_the_rest_arrives()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        for (int file = 0; file < 20; file++)
            await share.WriteAsync($"/t/f{file:00}", new byte[4096]);
        var flow = new ChaosFlow { FlipBitAt = 40_000 };
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { ToClient = flow });
        await using FileClient client = await share.ConnectAsync(address: proxy.Address);
        string target = Path.Combine(share.Scratch, "t");
        TreeReport report = await client.GetTreeAsync("/t", target);
        TreeFailure failure = Assert.Single(report.Failures);
        Assert.Equal(FileError.Corrupt, failure.Error.Reason);
        Assert.Equal(19, report.Files);
        Assert.Equal(19, Directory.GetFiles(target).Length);
    }

    [Fact]
    public async Task A_tree_over_a_line_that_breaks_again_and_again_arrives_whole()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", local: true);
        string source = Client.TreeTests.MakeTree(share);
        // No faster than a busy server reads: a line that ends takes what nobody has read with it.
        var flow = new ChaosFlow { CutAfter = 400_000, BytesPerSecond = 2_000_000 };
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { ToServer = flow, ToClient = flow });
        File.Delete(Path.Combine(source, "deep", "a", "large")); // longer than the line ever holds
        await using FileClient client = await share.ConnectAsync(address: proxy.Address);
        Assert.Empty((await RepeatAsync(() => client.PutTreeAsync(source, "/t"))).Failures);
        string target = Path.Combine(share.Scratch, "back");
        Assert.Empty((await RepeatAsync(() => client.GetTreeAsync("/t", target))).Failures);
        Assert.Equal(Client.TreeTests.Describe(source), Client.TreeTests.Describe(target));
        Assert.True(proxy.Accepted > 3);
    }

    [Fact] // I10
    public async Task A_part_is_never_seen_while_it_is_put()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await share.WriteAsync("/x", Old);
        await using RawCaller put = await share.CallAsync();
        await using FileClient watcher = await share.ConnectAsync();
        await put.SendAsync("""{"id":1,"cmd":"put","path":"/x","size":300000,"keep":true}""");
        for (int part = 0; part < 3; part++)
        {
            Assert.Equal(Old.Length, (await watcher.StatAsync("/x")).Size);
            Assert.Equal(1, await watcher.ListAsync("/", recursive: true).CountAsync());
            await put.SendAsync(new byte[100_000]);
        }

        Assert.True((await put.ReceiveAsync()).Header.GetProperty("ok").GetBoolean());
        Assert.Equal(300_000, (await watcher.StatAsync("/x")).Size);
    }

    [Fact] // I11
    public async Task Of_many_writers_of_one_name_one_wins_whole()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", local: true);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async writer =>
        {
            await using FileClient client = await share.ConnectAsync();
            await client.PutAsync(new MemoryStream([.. Enumerable.Repeat((byte)writer, 400_000)]), "/x");
        }));
        byte[] content = (await share.ReadAsync("/x"))!;
        Assert.Equal(400_000, content.Length);
        Assert.Single(content.Distinct());
    }

    [Theory] // I12, I13
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_gets_the_whole_old_version_whatever_becomes_of_the_name(bool replace)
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        byte[] old = NativeShare.RandomBytes(3_000_000);
        await share.WriteAsync("/x", old);
        await using RawCaller reader = await share.CallAsync();
        await reader.SendAsync("""{"id":1,"cmd":"get","path":"/x"}""");
        byte[] first = await reader.ExactlyAsync(4);
        byte[] header = await reader.ExactlyAsync(BitConverter.ToInt32(first));
        await using FileClient other = await share.ConnectAsync();
        if (replace)
            await other.PutAsync(new MemoryStream(New), "/x");
        else
            await other.RemoveAsync("/x");
        Assert.Equal(old, await reader.ExactlyAsync(old.Length));
        Assert.Contains("3000000", Encoding.UTF8.GetString(header), StringComparison.Ordinal);
    }

    [Fact] // I14
    public async Task A_file_that_shrinks_while_it_is_sent_is_reported()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await share.WriteAsync("/x", NativeShare.RandomBytes(3_000_000));
        await using RawCaller reader = await share.CallAsync();
        await reader.SendAsync("""{"id":1,"cmd":"get","path":"/x","verify":"crc32c"}""");
        byte[] first = await reader.ExactlyAsync(4);
        await reader.ExactlyAsync(BitConverter.ToInt32(first));
        using (FileStream file = File.OpenWrite(Path.Combine(share.Root, "x")))
            file.SetLength(10);
        await reader.ExactlyAsync(3_000_000);
        Assert.Equal("changed", (await reader.ReceiveAsync()).Header.GetProperty("error").GetString());
        Assert.True((await reader.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
    }

    [Fact] // I15, I17
    public async Task An_upload_is_continued_only_where_it_stands_and_only_by_its_owner()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        byte[] content = NativeShare.RandomBytes(2_000_000);
        await Client.FileClientTests.InterruptAsync(share, content);
        await using RawCaller call = await share.CallAsync();
        System.Text.Json.JsonElement kept = await call.AskAsync("""{"id":1,"cmd":"resume","path":"/x","size":2000000}""");
        string id = kept.GetProperty("upload").GetString()!;
        Assert.Equal(32, id.Length);
        Assert.Equal(1_000_000, kept.GetProperty("offset").GetInt64());
        Assert.Equal(Crc32C.ToText(Crc32C.Compute(content.AsSpan(0, 1_000_000))), kept.GetProperty("crc32c").GetString());
        Assert.Equal("no-such-upload", await call.RefusalAsync("""{"id":2,"cmd":"resume","path":"/x","size":1999999}"""));
        Assert.Equal("bad-range", await call.RefusalAsync($$"""{"id":3,"cmd":"put","path":"/x","upload":"{{id}}","offset":1000001,"size":0}"""));
        Assert.Equal("bad-request", await call.RefusalAsync($$"""{"id":4,"cmd":"put","path":"/x","upload":"{{id}}","offset":-1,"size":0}""") is var refusal and not null ? refusal : "");
        await using FileClient owner = await share.ConnectAsync();
        await owner.LoginAsync(NativeShare.User, NativeShare.Password);
        await Assert.ThrowsAsync<FileException>(() => owner.StatAsync("/x"));
        await using RawCaller last = await share.CallAsync();
        string rest = Crc32C.ToText(Crc32C.Compute(content));
        Assert.True((await last.AskAsync($$"""{"id":5,"cmd":"put","path":"/x","upload":"{{id}}","offset":1000000,"size":1000000,"crc32c":"{{rest}}"}""", content[1_000_000..])).GetProperty("ok").GetBoolean());
        Assert.Equal(content, await share.ReadAsync("/x"));
    }

    private static async Task<bool> TrySessionAsync(NativeShare share, Address address)
    {
        try
        {
            await using FileClient client = await share.ConnectAsync(address: address);
            await client.PutAsync(new MemoryStream(New), "/x");
            using var back = new MemoryStream();
            await client.GetAsync("/x", back);
            Assert.Equal(New, back.ToArray());
            return true;
        }
        catch (TransportException)
        {
            return false;
        }
    }

    private static async Task<TreeReport> RepeatAsync(Func<Task<TreeReport>> move)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await move();
            }
            catch (TransportException) when (attempt < 50)
            {
                // Broken before a file got through: as anybody would, once more.
            }
        }
    }
}
