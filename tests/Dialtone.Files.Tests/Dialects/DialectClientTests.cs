using System.Globalization;
using System.Text.Json;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>Our clients against the servers people write while they learn, and against our own.</summary>
public sealed class DialectClientTests
{
    private static readonly DialectClientOptions Alex = new() { User = "alex", Password = "3714" };

    // ---- text ----

    [Theory]
    [InlineData("plain")]
    [InlineData("split")]
    [InlineData("stuck")]
    public async Task Text_gets_files_whatever_the_servers_habits(string behaviour)
    {
        using var folder = new PeerFolder();
        folder.Write("a b é文.txt", Share.Content(5000));
        folder.Write("docs/empty", []);
        folder.Write("big", [1, .. Share.Content(1_200_000)]);
        await using PeerServer server = await PeerServer.StartAsync("text_server.py", "text", folder.Path, behaviour);
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Text, server.Address, Slow);
        string[] names = behaviour == "stuck" ? ["/big"] : ["/a b é文.txt", "docs/empty", "/big"]; // a content that begins with a digit cannot be told from its size
        foreach (string name in names)
            Assert.Equal(folder.Read(name), await GetAsync(client, name));
        if (behaviour != "stuck")
            Assert.Equal(FileError.NotFound, (await Assert.ThrowsAsync<FileException>(() => GetAsync(client, "/none"))).Reason);
    }

    [Theory]
    [InlineData("cut", FileError.Corrupt)]
    [InlineData("closes", FileError.Failed)]
    [InlineData("talks", FileError.Failed)]
    public async Task Text_says_when_the_server_does_not_keep_to_it(string behaviour, FileError reason)
    {
        using var folder = new PeerFolder();
        folder.Write("a", Share.Content(5000));
        await using PeerServer server = await PeerServer.StartAsync("text_server.py", "text", folder.Path, behaviour);
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Text, server.Address);
        Assert.Equal(reason, (await Assert.ThrowsAsync<FileException>(() => GetAsync(client, "/a"))).Reason);
    }

    [Fact]
    public async Task Text_works_with_our_own_server_and_through_its_door()
    {
        await using Share share = await Share.StartAsync(door: true);
        var options = new DialectClientOptions { Door = (call, token) => HmacChallenge.AnswerAsync(call, HmacKey.FromText(Share.DoorKey), HmacDigest.Sha256, token) };
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Text, share.Address, options);
        await PutAsync(client, "/a b", Share.Content(70_000));
        await PutAsync(client, "/empty", []);
        Assert.Equal(Share.Content(70_000), await GetAsync(client, "/a b"));
        Assert.Empty(await GetAsync(client, "/empty"));
        Assert.Equal(FileError.Unsupported, (await Assert.ThrowsAsync<FileException>(() => client.ListAsync())).Reason);
        Assert.Equal(FileError.Unsupported, (await Assert.ThrowsAsync<FileException>(() => client.RemoveAsync("/a b"))).Reason);
        Assert.Equal(FileError.Unsupported, (await Assert.ThrowsAsync<FileException>(() => client.ChangeFolderAsync())).Reason);
    }

    // ---- sample ----

    [Theory]
    [InlineData("plain")]
    [InlineData("split")]
    public async Task Sample_does_all_its_server_can(string behaviour)
    {
        using var folder = new PeerFolder();
        folder.Write("alex/docs/a b é.txt", Share.Content(5000));
        folder.Write("alex/it's; touch x", [1]);
        await using PeerServer server = await PeerServer.StartAsync("text_server.py", "sample", folder.Path, behaviour);
        await using (IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, server.Address, Slow with { User = "alex", Password = "3714" }))
        {
            Assert.Equal("/docs", await client.ChangeFolderAsync("/docs"));
            Assert.Equal(Share.Content(5000), await GetAsync(client, "a b é.txt"));
            Assert.Contains("a b é.txt", await client.ListAsync(), StringComparison.Ordinal);
            Assert.Equal("/", await client.ChangeFolderAsync());
            Assert.Equal(FileError.NotFound, (await Assert.ThrowsAsync<FileException>(() => client.ChangeFolderAsync("/none"))).Reason);
            Assert.Equal(FileError.NotFound, (await Assert.ThrowsAsync<FileException>(() => GetAsync(client, "docs"))).Reason);
            await PutAsync(client, "/new", Share.Content(123_456));
            await PutAsync(client, "/new", Share.Content(3));
            await PutAsync(client, "/empty", []);
            Assert.DoesNotContain("docs", await client.ListAsync("/new"), StringComparison.Ordinal);
            await client.RemoveAsync("/it's; touch x");
            await client.RemoveAsync("docs");
        }

        Assert.Equal(["empty", "new", "new.0"], folder.Names("alex"));
        Assert.Equal(Share.Content(123_456), folder.Read("alex/new"));
        Assert.Equal(Share.Content(3), folder.Read("alex/new.0"));
    }

    [Fact]
    public async Task Sample_is_told_when_the_log_in_failed()
    {
        using var folder = new PeerFolder();
        await using PeerServer server = await PeerServer.StartAsync("text_server.py", "sample", folder.Path, "plain");
        FileException e = await Assert.ThrowsAsync<FileException>(() => DialectClient.ConnectAsync(Dialect.Sample, server.Address, Alex with { Password = "wrong" }));
        Assert.Equal(FileError.LoginFailed, e.Reason);
    }

    [Fact]
    public async Task Sample_works_with_our_own_server()
    {
        await using Share share = await Share.StartAsync(quota: new Quota(100_000));
        await using (IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, share.Address, Alex))
        {
            await PutAsync(client, "/a b", Share.Content(70_000));
            await PutAsync(client, "/a b", Share.Content(5));
            Assert.Equal(FileError.QuotaExceeded, (await Assert.ThrowsAsync<FileException>(() => PutAsync(client, "/c", Share.Content(40_000)))).Reason);
            Assert.Equal(FileError.Denied, (await Assert.ThrowsAsync<FileException>(() => PutAsync(client, "/none/c", [1]))).Reason);
            Assert.Equal(Share.Content(70_000), await GetAsync(client, "/a b"));
            Assert.Contains(" a b.0\n", await client.ListAsync("/"), StringComparison.Ordinal);
            await client.RemoveAsync("/a b");
            Assert.DoesNotContain(" a b\n", await client.ListAsync(), StringComparison.Ordinal);
            Assert.Equal("/", await client.ChangeFolderAsync("/.."));
        }

        Assert.Equal(["a b.0"], await share.NamesAsync("/home/alex"));
    }

    // ---- json ----

    [Theory]
    [InlineData("plain")]
    [InlineData("stays")]
    public async Task Json_puts_a_file_to_a_connection(string behaviour)
    {
        using var folder = new PeerFolder();
        Directory.CreateDirectory(folder["sub"]);
        await using PeerServer server = await PeerServer.StartAsync("json_put_server.py", folder.Path, behaviour);
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Json, server.Address);
        foreach ((string name, int size) in new[] { ("/a b é文", 1_000_001), ("empty", 0), ("/sub/c", 3) })
        {
            await PutAsync(client, name, Share.Content(size));
            Assert.Equal(JsonSerializer.Serialize<object[]>([name.TrimStart('/'), size]), JsonSerializer.Serialize(JsonSerializer.Deserialize<object[]>((await server.Peer.ReadLineAsync())!)));
            Assert.Equal(Share.Content(size), folder.Read(name));
            if (behaviour == "stays")
                break; // each takes the full two seconds
        }

        Assert.Equal(FileError.Unsupported, (await Assert.ThrowsAsync<FileException>(() => GetAsync(client, "a"))).Reason);
    }

    [Fact]
    public async Task Json_says_when_the_server_hangs_up()
    {
        using var folder = new PeerFolder();
        await using PeerServer server = await PeerServer.StartAsync("json_put_server.py", folder.Path, "closes");
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Json, server.Address);
        TransportException e = await Assert.ThrowsAsync<TransportException>(() => PutAsync(client, "/a", new byte[32 * 1024 * 1024]));
        Assert.Equal(TransportError.PeerReset, e.Reason);
    }

    // ---- all ----

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a|b")]
    [InlineData("a\nb")]
    [InlineData(" a")]
    [InlineData("a ")]
    public async Task What_a_dialect_cannot_say_is_not_sent(string path)
    {
        await using Share share = await Share.StartAsync();
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, share.Address, Alex);
        foreach (Func<Task> attempt in new Func<Task>[] { () => GetAsync(client, path), () => PutAsync(client, path, []), () => client.RemoveAsync(path) })
            Assert.Equal(FileError.BadPath, (await Assert.ThrowsAsync<FileException>(attempt)).Reason);
        Assert.Equal(FileError.BadPath, (await Assert.ThrowsAsync<FileException>(() => GetAsync(client, new string('x', 1100)))).Reason);
        Assert.Equal("/", await client.ChangeFolderAsync()); // the conversation goes on
    }

    [Fact]
    public async Task A_source_that_ends_early_leaves_nothing_behind()
    {
        await using Share share = await Share.StartAsync();
        await using (IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, share.Address, Alex))
        {
            using var source = new MemoryStream(Share.Content(10));
            FileException e = await Assert.ThrowsAsync<FileException>(() => client.PutAsync(source, 11, "/a"));
            Assert.Equal(FileError.Changed, e.Reason);
        }

        Assert.Empty(await share.NamesAsync("/home/alex"));
    }

    [Fact]
    public async Task Progress_is_told_both_ways()
    {
        await using Share share = await Share.StartAsync();
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, share.Address, Alex);
        var sent = new Steps();
        using var source = new MemoryStream(Share.Content(300_000));
        await client.PutAsync(source, 300_000, "/a", sent);
        Assert.Equal(300_000, sent.Last);
        var received = new Steps();
        await client.GetAsync("/a", Stream.Null, received);
        Assert.Equal(300_000, received.Last);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("-rf", "./-rf")]
    [InlineData("$(x)", "'$(x)'")]
    public void A_word_is_quoted_for_a_shell_and_read_back(string word, string quoted)
    {
        Assert.Equal(quoted, ShellWords.Quote(word));
        Assert.Equal([word.StartsWith('-') ? "./" + word : word, "x"], ShellWords.Split($" {quoted}  x "));
    }

    [Fact]
    public void A_password_is_not_printed() => Assert.DoesNotContain("3714", Alex.ToString(), StringComparison.Ordinal);

    private static DialectClientOptions Slow => new() { Dial = new DialOptions { Time = new SlowTime(10), Timeout = TimeSpan.FromSeconds(10) } };

    private static async Task<byte[]> GetAsync(IDialectClient client, string path)
    {
        using var content = new MemoryStream();
        long size = await client.GetAsync(path, content);
        Assert.Equal(content.Length, size);
        return content.ToArray();
    }

    private static async Task PutAsync(IDialectClient client, string path, byte[] content)
    {
        using var source = new MemoryStream(content);
        await client.PutAsync(source, content.Length, path);
    }

    private sealed class Steps : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value)
        {
            Assert.True(value > Last);
            Last = value;
        }
    }
}

/// <summary>A folder on the disk for a peer.</summary>
internal sealed class PeerFolder : IDisposable
{
    public PeerFolder() => Path = Directory.CreateTempSubdirectory("dialtone-dialects-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name.TrimStart('/'));

    public void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], content);
    }

    public byte[] Read(string name) => File.ReadAllBytes(this[name]);

    public string[] Names(string folder) => [.. Directory.GetFileSystemEntries(this[folder]).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A Python server that has printed its port.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private PeerServer(PythonPeer peer, int port) => (Peer, Address) = (peer, Address.Parse(string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{port}")));

    public PythonPeer Peer { get; }

    public Address Address { get; }

    public static async Task<PeerServer> StartAsync(string script, params string[] arguments)
    {
        try
        {
            PythonPeer peer = PythonPeer.Start(Path.Combine(AppContext.BaseDirectory, "Dialects", "peers", script), arguments, TimeSpan.FromSeconds(60));
            return new PeerServer(peer, int.Parse((await peer.ReadLineAsync())!, CultureInfo.InvariantCulture));
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    public ValueTask DisposeAsync() => Peer.DisposeAsync();
}
