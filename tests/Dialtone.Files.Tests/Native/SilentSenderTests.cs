using System.Diagnostics;
using System.Text.Json;

namespace Dialtone.Files.Tests.Native;

/// <summary>An upload behind a line that died in silence is continued over another; one whose sender is there never is.</summary>
public sealed class SilentSenderTests
{
    private const int Half = 6 * TransferBuffers.Large, Whole = 2 * Half; // so that what came is in the store
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly byte[] Content = NativeShare.RandomBytes(Whole);

    [Theory]
    [InlineData("memory:", "task")]
    [InlineData("tcp://127.0.0.1:0", "task")]
    [InlineData("tls://127.0.0.1:0", "task")]
    [InlineData("tcp://127.0.0.1:0", "thread:8")] // calls that block
    public async Task A_put_behind_a_silent_line_goes_on_at_what_is_here(string listen, string policy)
    {
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time, listen, policy: policy);
        await using RawCaller silent = await share.CallAsync();
        await silent.SendAsync(Put(Whole));
        await silent.SendAsync(Content[..Half]);
        await ArrivedAsync(share, Half);
        await using FileClient client = await share.ConnectAsync();
        Task<TransferReport> put = client.PutAsync(new MemoryStream(Content), "/x", new PutOptions { Resume = true });
        await time.AdvanceUntilAsync(put);

        Assert.Equal(Half, (await put).Moved);
        Assert.Equal(Content, await share.ReadAsync("/x"));
        Assert.True(time.Elapsed >= Patience);
        Assert.Contains(share.Log.All, line => line.Contains("its sender was silent", StringComparison.Ordinal));
        Assert.Equal((Whole, 0, 1), await BooksAsync(share));

        // Whoever was silent hears why it is over.
        JsonElement refusal = (await silent.ReceiveAsync()).Header;
        Assert.Equal("no-such-upload", refusal.GetProperty("error").GetString());
        Assert.Contains("another connection of this account", refusal.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_who_comes_back_after_that_changes_nothing_and_can_go_on_asking()
    {
        const int Left = 2 * TransferBuffers.Large;
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time);
        await using RawCaller silent = await share.CallAsync();
        await silent.SendAsync(Put(Whole));
        await silent.SendAsync(Content[..^Left]);
        await ArrivedAsync(share, Whole - Left);
        await using FileClient client = await share.ConnectAsync();
        await time.AdvanceUntilAsync(client.PutAsync(new MemoryStream(Content), "/x", new PutOptions { Resume = true }));
        Assert.Equal("no-such-upload", (await silent.ReceiveAsync()).Header.GetProperty("error").GetString());

        await silent.SendAsync(new byte[Left]);
        Assert.True((await silent.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
        Assert.Equal(Content, await share.ReadAsync("/x"));
        Assert.Equal((Whole, 0, 1), await BooksAsync(share));
    }

    [Fact]
    public async Task Silence_before_the_digest_is_silence_as_well()
    {
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time);
        await using RawCaller silent = await share.CallAsync();
        await silent.SendAsync($$"""{"id":1,"cmd":"put","path":"/x","size":{{Whole}},"keep":true,"verify":"crc32c"}""");
        await silent.SendAsync(Content);
        await ArrivedAsync(share, Whole);
        await using RawCaller next = await share.CallAsync();
        JsonElement kept = await AdvanceAsync(time, next.AskAsync(Resume()));
        Assert.Equal(Whole, kept.GetProperty("offset").GetInt64());

        // The digest that comes too late is no request.
        Assert.Equal("no-such-upload", (await silent.ReceiveAsync()).Header.GetProperty("error").GetString());
        await silent.SendAsync("""{"id":1,"crc32c":"00000000"}""");
        Assert.Equal(2, (await silent.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task A_sender_who_sends_a_little_now_and_then_keeps_its_upload()
    {
        const int Step = Whole / 8;
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time);
        await using RawCaller slow = await share.CallAsync();
        await using RawCaller other = await share.CallAsync();
        await slow.SendAsync(Put(Whole));
        for (int sent = 0; sent < Whole; sent += Step)
        {
            int timers = time.ActiveTimers;
            Task<string?> asked = other.RefusalAsync(Resume());
            await TrueAsync(() => Task.FromResult(asked.IsCompleted || time.ActiveTimers > timers), "it is waited for the sender");
            time.Advance(Patience - TimeSpan.FromMilliseconds(1));
            await slow.SendAsync(Content[sent..(sent + Step)]);
            Assert.Equal("no-such-upload", await asked.WaitAsync(TimeSpan.FromSeconds(20))); // at once: the clock stands
        }

        Assert.True((await slow.ReceiveAsync()).Header.GetProperty("ok").GetBoolean());
        Assert.Equal(Content, await share.ReadAsync("/x"));
        Assert.DoesNotContain(share.Log.All, line => line.Contains("silent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_else_and_no_other_size_takes_a_silent_upload()
    {
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time);
        await using RawCaller silent = await share.CallAsync();
        await silent.SendAsync(Put(Whole));
        await silent.SendAsync(Content[..Half]);
        time.Advance(Patience * 2);
        await using FileClient alice = await share.ConnectAsync();
        await alice.LoginAsync(NativeShare.User, NativeShare.Password);
        Assert.Equal(Whole, (await alice.PutAsync(new MemoryStream(Content), "/x", new PutOptions { Resume = true })).Moved);
        await using RawCaller other = await share.CallAsync();
        Assert.Equal("no-such-upload", await other.RefusalAsync($$"""{"id":9,"cmd":"resume","path":"/x","size":{{Whole - 1}}}"""));

        await silent.SendAsync(Content[Half..]);
        Assert.True((await silent.ReceiveAsync()).Header.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Two_who_put_the_same_name_at_the_same_time_do_not_take_from_each_other()
    {
        await using NativeShare share = await StartAsync(TimeProvider.System, "tcp://127.0.0.1:0", local: true);
        byte[] other = NativeShare.RandomBytes(Whole, seed: 8);
        for (int round = 0; round < 10; round++)
        {
            TransferReport[] reports = await Task.WhenAll(new[] { Content, other }.Select(content => Task.Run(async () =>
            {
                await using FileClient client = await share.ConnectAsync();
                return await client.PutAsync(new MemoryStream(content), "/x", new PutOptions { Resume = true });
            })));
            Assert.All(reports, report => Assert.Equal(Whole, report.Moved));
            byte[] there = (await share.ReadAsync("/x"))!;
            Assert.True(there.AsSpan().SequenceEqual(Content) || there.AsSpan().SequenceEqual(other), "a mixture");
            Assert.Equal((Whole, 0, 1), await BooksAsync(share));
        }

        Assert.DoesNotContain(share.Log.All, line => line.Contains("silent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_who_want_one_silent_upload_get_it_one_at_a_time()
    {
        var time = new FakeTimeProvider();
        await using NativeShare share = await StartAsync(time, local: true);
        for (int round = 0; round < 5; round++)
        {
            await using RawCaller silent = await share.CallAsync();
            await silent.SendAsync(Put(Whole));
            await silent.SendAsync(Content[..Half]);
            await ArrivedAsync(share, Half);
            Task<long>[] puts = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
            {
                await using FileClient client = await share.ConnectAsync();
                try
                {
                    return (await client.PutAsync(new MemoryStream(Content), "/x", new PutOptions { Resume = true })).Moved;
                }
                catch (FileException e) when (e.Reason == FileError.NoSuchUpload)
                {
                    return -1; // another was faster
                }
            }))];
            Task<long[]> all = Task.WhenAll(puts);
            await time.AdvanceUntilAsync(all, within: TimeSpan.FromSeconds(30));
            Assert.Contains(await all, moved => moved is > 0 and < Whole);
            Assert.Equal(Content, await share.ReadAsync("/x"));
            Assert.Equal("no-such-upload", (await silent.ReceiveAsync()).Header.GetProperty("error").GetString());
            Assert.Equal((Whole, 0, 1), await BooksAsync(share));
        }
    }

    private static Task<NativeShare> StartAsync(TimeProvider time, string listen = "memory:", bool local = false, string policy = "task") => NativeShare.StartAsync(
        listen, local, options => options with { Time = time, ShareQuota = new Quota(1_000_000_000) },
        configureServer: options => Concurrency.TryParse(policy, out Concurrency? concurrency) ? options with { Concurrency = concurrency } : options);

    private static string Put(int size) => $$"""{"id":1,"cmd":"put","path":"/x","size":{{size}},"keep":true}""";

    private static string Resume() => $$"""{"id":9,"cmd":"resume","path":"/x","size":{{Whole}}}""";

    /// <summary>Waits until so much of an upload is in the store.</summary>
    private static Task ArrivedAsync(NativeShare share, int length) =>
        TrueAsync(() => share.Store.ListStagedAsync().AnyAsync(staged => staged.Length == length).AsTask(), "it has arrived");

    private static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"Not within 20 s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    private static async Task<T> AdvanceAsync<T>(FakeTimeProvider time, Task<T> task)
    {
        await time.AdvanceUntilAsync(task);
        return await task;
    }

    /// <summary>What is used and what is set aside, once all that has ended has let go: bytes, bytes, files.</summary>
    private static async Task<(long Used, long Reserved, long Files)> BooksAsync(NativeShare share)
    {
        await using FileSession session = share.Service.OpenAnonymous(new FileCaller(null, "test"));
        UsageReport usage = await session.UsageAsync();
        return (usage.Used.Bytes, usage.Reserved.Bytes, usage.Used.Files);
    }
}
