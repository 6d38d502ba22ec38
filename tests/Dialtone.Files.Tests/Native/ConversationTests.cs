using System.Text;
using System.Text.Json;

namespace Dialtone.Files.Tests.Native;

public sealed class ConversationTests
{
    private static readonly byte[] Hello = Encoding.ASCII.GetBytes("hello");

    [Fact]
    public async Task What_is_put_can_be_got()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        JsonElement put = await call.AskAsync("""{"id":1,"cmd":"put","path":"/a/b.txt","size":5,"parents":true,"crc32c":"9a71bb4c","mtime":1700000000123456700,"mode":"640"}""", Hello);
        Assert.Equal(5, put.GetProperty("total").GetInt64());
        Assert.Equal("9a71bb4c", put.GetProperty("crc32c").GetString());
        await call.SendAsync("""{"id":2,"cmd":"get","path":"/a/b.txt","verify":"crc32c"}""");
        (JsonElement get, byte[] body) = await call.ReceiveAsync();
        Assert.Equal(Hello, body);
        Assert.Equal("9a71bb4c", get.GetProperty("crc32c").GetString());
        Assert.Equal(1700000000123456700, get.GetProperty("mtime").GetInt64());
        Assert.Equal("640", get.GetProperty("mode").GetString());
    }

    [Fact]
    public async Task A_long_file_comes_with_its_digest_behind_it()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        byte[] content = NativeShare.RandomBytes(NativeLimits.SmallFile + 1);
        await share.WriteAsync("/long", content);
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync("""{"id":1,"cmd":"get","path":"/long","verify":"sha256"}""");
        (JsonElement header, byte[] body) = await call.ReceiveAsync();
        Assert.False(header.TryGetProperty("sha256", out _));
        Assert.Equal(content, body);
        (JsonElement trailer, _) = await call.ReceiveAsync();
        Assert.Equal(1, trailer.GetProperty("id").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), trailer.GetProperty("sha256").GetString());
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tls://127.0.0.1:0")]
    public async Task Bytes_may_come_one_by_one(string listen)
    {
        await using NativeShare share = await NativeShare.StartAsync(listen);
        await using RawCaller call = await share.CallAsync();
        byte[] requests =
        [
            .. RawCaller.Frame("""{"id":1,"cmd":"put","path":"/a","size":5,"verify":"crc32c"}""", Hello), .. RawCaller.Frame("""{"id":1,"crc32c":"9a71bb4c"}"""),
            .. RawCaller.Frame("""{"id":2,"cmd":"put","path":"/b","chunked":true}"""), 3, 0, 0, 0, .. "abc"u8, 1, 0, 0, 0, .. "d"u8, 0, 0, 0, 0,
            .. RawCaller.Frame("""{"id":3,"cmd":"ping"}"""),
        ];
        foreach (byte one in requests)
            await call.SendAsync([one]);
        var answered = new List<long>();
        for (int count = 0; count < 3; count++)
            answered.Add((await call.ReceiveAsync()).Header.GetProperty("id").GetInt64());
        Assert.Equal(3, answered[^1]);
        Assert.Equal(Hello, await share.ReadAsync("/a"));
        Assert.Equal("abcd"u8.ToArray(), await share.ReadAsync("/b"));
    }

    [Fact]
    public async Task Hundreds_of_requests_may_be_under_way_and_what_is_no_put_waits_for_the_puts_before_it()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        var requests = new List<byte>();
        for (int id = 0; id < 1000; id++)
            requests.AddRange(RawCaller.Frame($$"""{"id":{{id}},"cmd":"put","path":"/f{{id}}","size":5}""", Hello));
        requests.AddRange(RawCaller.Frame("""{"id":1000,"cmd":"list","path":"/","limit":10000}"""));
        Task sending = call.SendAsync([.. requests]);
        var seen = new HashSet<long>();
        for (int count = 0; count < 1000; count++)
            Assert.True(seen.Add((await call.ReceiveAsync()).Header.GetProperty("id").GetInt64()));
        await sending;
        (JsonElement list, byte[] lines) = await call.ReceiveAsync();
        Assert.Equal(1000, list.GetProperty("id").GetInt64());
        Assert.Equal(1000, lines.Count(static value => value == (byte)'\n'));
    }

    [Fact]
    public async Task A_caller_who_reads_no_answers_is_not_read_from_for_ever_and_harms_nobody()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        await using RawCaller deaf = await share.CallAsync();
        byte[] flood = [.. Enumerable.Range(0, 2000).SelectMany(static id => RawCaller.Frame($$"""{"id":{{id}},"cmd":"stat","path":"/{{new string('x', 200)}}"}"""))];
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            while (true)
                await deaf.Connection.SendAsync(flood, enough.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TransportException)
        {
            // The server stopped reading: the send could not go on.
        }

        await using RawCaller other = await share.CallAsync();
        Assert.True((await other.AskAsync("""{"id":1,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
    }

    [Theory]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/../../etc/passwd","size":5}""", "not-found")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/none"}""", "not-found")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/here","offset":6}""", "bad-range")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/here","offset":9223372036854775807}""", "bad-range")]
    [InlineData("get", """{"id":1,"cmd":"get","path":5}""", "bad-request")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/here","offset":-1}""", "bad-request")]
    [InlineData("get", """{"id":1,"cmd":"get","path":{"a":[1,2,{"id":7}]}}""", "bad-request")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/here","verify":"md5"}""", "bad-request")]
    [InlineData("get", """{"id":1,"cmd":"get"}""", "bad-path")]
    [InlineData("get", """{"id":1,"cmd":"get","path":"/.dialtone/uploads"}""", "bad-path")]
    [InlineData("stat", """{"id":1,"cmd":"stat","path":"/a\u0000b"}""", "bad-path")]
    [InlineData("nope", """{"id":1,"cmd":"nope"}""", "unsupported")]
    [InlineData("put", """{"id":1,"cmd":"nope","size":5}""", "unsupported")]
    [InlineData("hello", """{"id":1,"cmd":"hello","version":0}""", "unsupported")]
    [InlineData("login", """{"id":1,"cmd":"login"}""", "bad-request")]
    [InlineData("login", """{"id":1,"cmd":"login","key":true}""", "login-failed")]
    [InlineData("list", """{"id":1,"cmd":"list","path":"/here"}""", "not-folder")]
    [InlineData("list", """{"id":1,"cmd":"list","path":"/","limit":0}""", "bad-request")]
    [InlineData("resume", """{"id":1,"cmd":"resume","path":"/here","size":5}""", "no-such-upload")]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/x","size":5,"upload":"00000000000000000000000000000000","offset":0}""", "no-such-upload")]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/here","size":5,"publish":"new"}""", "exists")]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/here","size":5,"crc32c":"00000000"}""", "corrupt")]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/here","size":5,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}""", "corrupt")]
    [InlineData("put", """{"id":1,"cmd":"put","path":"/none/x","size":5}""", "not-found")]
    [InlineData("mkdir", """{"id":1,"cmd":"mkdir","path":"/here"}""", "exists")]
    [InlineData("remove", """{"id":1,"cmd":"remove","path":"/none"}""", "not-found")]
    [InlineData("rename", """{"id":1,"cmd":"rename","path":"/here"}""", "bad-path")]
    public async Task A_refusal_has_its_code_and_leaves_the_conversation_in_order(string command, string request, string code)
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await share.WriteAsync("/here", Hello);
        await using RawCaller call = await share.CallAsync();
        byte[]? body = command == "put" ? Hello : null;
        Assert.Equal(code, await call.RefusalAsync(request, body));
        Assert.True((await call.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
        Assert.Equal(Hello, await share.ReadAsync("/here"));
    }

    [Theory]
    [InlineData("01000000 7B")]
    [InlineData("02000000 5B5D")]
    [InlineData("FFFFFFFF 7B7D")]
    [InlineData("00000000 7B7D")]
    [InlineData("01000100 7B")]
    [InlineData("05000000 7B2241227D")]
    [InlineData("03000000 7BFF7D")]
    [InlineData("04000000 7B7D7B7D")]
    public async Task Bytes_that_are_no_header_end_the_conversation_with_a_line_in_the_log(string hex)
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        await call.FinishAsync();
        await call.ExpectEndAsync();
    }

    [Fact]
    public async Task A_field_given_twice_ends_the_conversation()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync("""{"id":1,"cmd":"stat","path":"/a","path":"/b"}""");
        await call.ExpectEndAsync();
    }

    [Fact]
    public async Task Before_log_in_a_header_has_at_most_four_kibibytes_and_afterwards_sixty_four()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller early = await share.CallAsync();
        await early.SendAsync($$"""{"id":1,"cmd":"ping","pad":"{{new string('x', 5000)}}"}""");
        await early.ExpectEndAsync();
        await using RawCaller late = await share.CallAsync();
        Assert.True((await late.AskAsync("""{"id":1,"cmd":"whoami"}""")).GetProperty("ok").GetBoolean());
        Assert.True((await late.AskAsync($$"""{"id":2,"cmd":"ping","pad":"{{new string('x', 60_000)}}"}""")).GetProperty("ok").GetBoolean());
        await late.SendAsync($$"""{"id":3,"cmd":"ping","pad":"{{new string('x', 70_000)}}"}""");
        await late.ExpectEndAsync();
    }

    [Fact]
    public async Task Unknown_fields_are_ignored_and_escaped_names_of_fields_are_names()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        Assert.True((await call.AskAsync("""{"\u0069d":1,"new":{"deep":[[[1]]]},"cm\u0064":"ping"}""")).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Strangers_who_may_do_nothing_may_say_hello_and_ping_and_nothing_else()
    {
        await using NativeShare share = await NativeShare.StartAsync(anonymous: FileRights.None);
        foreach (NativeCommand command in NativeCommand.All)
        {
            await using RawCaller call = await share.CallAsync();
            string? refusal = await call.RefusalAsync($$"""{"id":1,"cmd":"{{command.Name}}","path":"/a","to":"/b","size":0,"scram":"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL"}""");
            Assert.True(command.NeedsSession ? refusal == "login-required" : refusal is null, $"{command.Name}: {refusal}");
            Assert.True((await call.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
        }
    }

    [Fact]
    public async Task A_failed_log_in_leaves_nothing_and_the_third_ends_the_conversation()
    {
        await using NativeShare share = await NativeShare.StartAsync(anonymous: FileRights.None);
        await using RawCaller call = await share.CallAsync();
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            string first = (await call.AskAsync("""{"id":1,"cmd":"login","scram":"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL"}""")).GetProperty("scram").GetString()!;
            string nonce = first.Split(',')[0][2..];
            string proof = Convert.ToBase64String(new byte[32]);
            Assert.Equal("login-failed", await call.RefusalAsync($$"""{"id":2,"cmd":"login","scram":"c=biws,r={{nonce}},p={{proof}}"}"""));
            if (attempt < 3)
                Assert.Equal("login-required", await call.RefusalAsync("""{"id":3,"cmd":"whoami"}"""));
        }

        await call.ExpectEndAsync();
    }

    [Fact]
    public async Task A_proof_without_its_beginning_is_refused()
    {
        await using NativeShare share = await NativeShare.StartAsync(anonymous: FileRights.None);
        await using RawCaller call = await share.CallAsync();
        Assert.Equal("login-failed", await call.RefusalAsync("""{"id":1,"cmd":"login","scram":"c=biws,r=abc,p=AAAA"}"""));
        Assert.Equal("login-required", await call.RefusalAsync("""{"id":2,"cmd":"list","path":"/"}"""));
    }

    [Fact]
    public async Task A_refused_put_is_answered_at_once_and_its_short_body_skipped()
    {
        await using NativeShare share = await NativeShare.StartAsync(anonymous: FileRights.List | FileRights.Read);
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync("""{"id":1,"cmd":"put","path":"/x","size":1000000}""");
        Assert.Equal("login-required", (await call.ReceiveAsync()).Header.GetProperty("error").GetString());
        await call.SendAsync(new byte[1000000]);
        Assert.True((await call.AskAsync("""{"id":2,"cmd":"ping"}""")).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task A_refused_put_with_a_long_body_ends_the_conversation_after_the_answer()
    {
        await using NativeShare share = await NativeShare.StartAsync(anonymous: FileRights.List | FileRights.Read);
        await using RawCaller call = await share.CallAsync();
        Assert.Equal("login-required", await call.RefusalAsync("""{"id":1,"cmd":"put","path":"/x","size":10000000000}"""));
        await call.ExpectEndAsync();
    }

    [Fact]
    public async Task A_request_without_an_id_gets_no_answer_and_its_failure_ends_the_conversation()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync("""{"cmd":"put","path":"/a","size":5}""", Hello);
        Assert.Equal(1, (await call.AskAsync("""{"id":1,"cmd":"ping"}""")).GetProperty("id").GetInt64());
        Assert.Equal(Hello, await share.ReadAsync("/a"));
        await call.SendAsync("""{"cmd":"get","path":"/none"}""");
        await call.ExpectEndAsync();
        Assert.Contains(share.Log.All, static line => line.Contains("no such file", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"cmd":"put","filename":"a.txt","filesize":5}""", "/a.txt")]
    [InlineData("""{"filename":"a.txt","filesize":5}""", "/a.txt")]
    [InlineData("""{"file_size":5,"file_name":"/a/b/c/a.txt","md5":"5d41402abc4b2a76b9719d911017c592"}""", "/a.txt")]
    [InlineData("""{"file_size":5,"file_name":"C:\\x\\a.txt"}""", "/a.txt")]
    public async Task The_tutorials_put_lands_at_the_top_and_says_nothing(string header, string expected)
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await share.WriteAsync(expected, [1, 2, 3]);
        await using RawCaller call = await share.CallAsync();
        foreach (byte one in RawCaller.Frame(header, Hello))
            await call.SendAsync([one]);
        await call.SendAsync(header.Replace("a.txt", "b.txt", StringComparison.Ordinal), Hello);
        await call.FinishAsync();
        await call.ExpectEndAsync();
        Assert.Equal(Hello, await share.ReadAsync(expected));
        Assert.Equal(Hello, await share.ReadAsync("/b.txt"));
    }

    [Theory]
    [InlineData("""{"file_size":5,"file_name":"a","md5":"00000000000000000000000000000000"}""", "MD5")]
    [InlineData("""{"cmd":"system","filename":"a","filesize":5}""", "command")]
    [InlineData("""{"cmd":"put","filename":"..","filesize":5}""", "name")]
    [InlineData("""{"cmd":"put","filename":"a"}""", "size")]
    public async Task The_tutorials_put_that_cannot_be_done_ends_with_a_line_in_the_log(string header, string inLog)
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync(header, Hello);
        await call.ExpectEndAsync();
        Assert.Contains(share.Log.All, line => line.Contains(inLog, StringComparison.Ordinal));
        Assert.Null(await share.ReadAsync("/a"));
    }

    [Fact]
    public async Task A_peer_that_vanishes_within_a_file_leaves_nothing_to_see()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        await using (RawCaller call = await share.CallAsync())
        {
            await call.SendAsync(RawCaller.Frame("""{"cmd":"put","filename":"a","filesize":500}""", Hello));
            call.Connection.Abort();
        }

        await share.Server.StopAsync();
        Assert.Null(await share.ReadAsync("/a"));
        Assert.Equal(0, (await share.Service.OpenAnonymous(new FileCaller(null, "test")).UsageAsync()).Reserved.Bytes);
    }

    [Fact]
    public async Task What_is_no_tongue_is_closed_with_a_line_in_the_log()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        await call.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"));
        await call.ExpectEndAsync();
        Assert.Contains(share.Log.All, static line => line.Contains("no tongue", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listing_comes_in_pages_that_join_up_however_deep()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        string[] paths = ["a", "a.b", "a/c", "b/c/d/e", "b/c/f", "b/d", "ä/ö", "z"];
        foreach (string path in paths.Where(static path => path != "a"))
            await share.WriteAsync("/" + path, Hello);
        await using RawCaller call = await share.CallAsync();
        var all = new List<string>();
        string? after = null;
        bool hasMore = true;
        while (hasMore)
        {
            string cursor = after is null ? "" : ",\"after\":" + JsonSerializer.Serialize(after);
            await call.SendAsync($$"""{"id":1,"cmd":"list","path":"/","recursive":true,"limit":1{{cursor}}}""");
            (JsonElement header, byte[] body) = await call.ReceiveAsync();
            hasMore = header.TryGetProperty("more", out JsonElement more) && more.GetBoolean();
            if (body.Length > 0)
                all.Add(after = JsonDocument.Parse(body).RootElement.GetProperty("path").GetString()!);
            else
                Assert.False(hasMore);
        }

        Assert.Equal(["a", "a/c", "a.b", "b", "b/c", "b/c/d", "b/c/d/e", "b/c/f", "b/d", "z", "ä", "ä/ö"], all);
    }

    [Fact]
    public async Task A_manifest_is_answered_with_the_lines_that_differ()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        var lines = new StringBuilder();
        for (int file = 0; file < 40; file++)
        {
            await share.WriteAsync($"/t/f{file:00}", Hello);
            long time = NativeJson.ToNanoseconds((await share.Store.StatAsync(VirtualPath.Parse($"/t/f{file:00}"))).Modified);
            lines.Append($$"""{"path":"f{{file:00}}","size":{{(file is 3 or 4 ? 6 : 5)}},"mtime":{{(file == 7 ? 1 : time)}}}""").Append('\n');
        }

        lines.Append("""{"path":"none","size":5,"mtime":1}""").Append('\n');
        lines.Append("""{"path":"x/none","size":5,"mtime":1}""").Append('\n');
        lines.Append("""{"path":"f09","size":5,"crc32c":"9a71bb4c"}""").Append('\n');
        lines.Append("""{"path":"f10","size":5,"crc32c":"00000000"}""").Append('\n');
        await using RawCaller call = await share.CallAsync();
        byte[] manifest = Encoding.UTF8.GetBytes(lines.ToString());
        await call.SendAsync($$"""{"id":1,"cmd":"differ","path":"/t","size":{{manifest.Length}}}""", manifest);
        (_, byte[] body) = await call.ReceiveAsync();
        Assert.Equal("3-4\n7\n40-41\n43\n", Encoding.ASCII.GetString(body));
    }

    [Fact] // what was written of a yes stood before the no that took its place
    public void A_header_that_was_begun_and_not_ended_leaves_nothing()
    {
        using var writer = new FrameWriter();
        writer.WriteError(1, FileError.Failed, "one");
        int first = writer.Length;
        writer.BeginYes(2).WriteString("path"u8, new string('x', 10_000));
        writer.WriteError(2, FileError.Failed, "two");
        Assert.Equal(2 * first, writer.Length);
        Assert.StartsWith("{\"id\":2,\"error\"", Encoding.UTF8.GetString(writer.Content.Span[(first + 4)..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_not_served_under_the_process_policy()
    {
        await using var service = new FileService(new FileServiceOptions { Store = new MemoryFileStore() });
        var options = new ServerOptions { Concurrency = Concurrency.Process() };
        Assert.Throws<NotSupportedException>(() => new FileServer(service).CreateServer(options));
        await using var server = new Server(options);
        Assert.Throws<NotSupportedException>(() => new FileServer(service).AddTo(server));
    }
}
