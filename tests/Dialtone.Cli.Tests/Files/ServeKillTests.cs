using System.Runtime.Versioning;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>The server's whole process is killed while eight clients write, started again on the same folder, and they go on; J06 of the catalogue.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServeKillTests(ITestOutputHelper log) : IDisposable
{
    private const int Kill = 9;
    private const string User = "anna", Password = "open sesame";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Recovery = TimeSpan.FromSeconds(15);

    private readonly Folder _folder = new();
    private readonly ShareContent _content = new();
    private readonly Gate _gate = new();
    private long _resumed; // bytes that did not travel again
    private int _jobs;
    private volatile bool _isLast;

    private string Home => _folder["data/anna"];

    private string Uploads => _folder["data/.dialtone/uploads"];

    public void Dispose() => _folder.Dispose();

    [Fact] // J06, I09, I19
    public async Task A_server_killed_at_any_moment_loses_nothing_it_acknowledged_and_shows_nothing_torn()
    {
        int seed = Random.Shared.Next(), kills = RunLength.IsLong ? 200 : 10;
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        // An address of its own on the loopback network, so that nobody takes the port while the server is down.
        Address address = $"tcp://127.{random.Next(64, 128)}.{random.Next(256)}.{random.Next(1, 255)}:7070";
        AccountsFile.Open(_folder["accounts"], create: true).Add(new Account
        {
            Name = User,
            Home = VirtualPath.Parse("/anna"),
            Password = ScramVerifier.Create(Password, ScramVerifier.MinIterations),
            Quota = new Quota(1L << 32, 100_000),
        });
        Directory.CreateDirectory(_folder["data"]);
        Directory.CreateDirectory(Home);
        TimeSpan slowest = default;

        Task[] writers = [.. Enumerable.Range(0, 5).Select(writer => PutFilesAsync(writer, address, random.Next())), .. Enumerable.Range(0, 3).Select(writer => PutTreesAsync(writer, address, random.Next()))];
        for (int kill = 0; kill <= kills; kill++)
        {
            await _gate.AllWaitAsync(writers);
            long start = TimeProvider.System.GetTimestamp();
            await using ToolProcess server = await ServeAsync(address);
            TimeSpan took = TimeProvider.System.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
            Assert.True(took < Recovery, $"seed {seed}, kill {kill}: it took {took} to be back");
            await CheckAsync(address, $"seed {seed}, after kill {kill}");
            if (kill == kills)
            {
                _isLast = true;
                _gate.Open();
                await Task.WhenAll(writers).WaitAsync(Patience);
                await CheckAsync(address, $"seed {seed}, at the end");
                server.Signal(ToolProcess.Terminate);
                Assert.Equal(0, (await server.EndAsync()).ExitCode);
                break;
            }

            Task forgotten = kill < kills - 3 ? Task.CompletedTask : PutAndForgetAsync(address, $"forgotten{kill}", random.Next());
            _gate.Open();
            await Task.Delay(random.Next(20, 500));
            if (kill == kills - 1)
                await UntilForgottenAsync();
            _gate.Close();
            server.Signal(Kill);
            await server.EndAsync();
            await forgotten;
        }

        log.WriteLine($"{kills} kills, {_jobs} jobs done, {_content.Count} files, {_resumed} bytes resumed, slowest start {slowest.TotalSeconds:0.00} s");
        Assert.True(_resumed > 0, $"seed {seed}: no upload was ever continued");
        await CheckSweptAsync(address, seed);
    }

    /// <summary>What nobody continued is there until it is too old; then it is gone, and nothing else is.</summary>
    private async Task CheckSweptAsync(Address address, int seed)
    {
        Assert.True(Directory.GetFiles(Uploads).Length is > 0 and <= 6, $"seed {seed}: {Directory.GetFiles(Uploads).Length} files are staged");
        foreach (string left in Directory.GetFiles(Uploads))
            File.SetLastWriteTimeUtc(left, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        await using ToolProcess server = await ServeAsync(address);
        await CheckAsync(address, $"seed {seed}, after the sweep");
        Assert.Empty(Directory.GetFileSystemEntries(Uploads));
    }

    private async Task CheckAsync(Address address, string when)
    {
        await using FileClient client = await ConnectAsync(address);
        List<RemoteEntry> listed = await client.ListAsync("/", recursive: true).ToListAsync();
        string? wrong = _content.Compare(Home, listed, await client.QuotaAsync());
        Assert.True(wrong is null, $"{when}: {wrong}");
        if (_isLast)
            return; // whoever writes may have staged something
        string[] staged = [.. Directory.GetFiles(Uploads).Select(path => Path.GetFileName(path)!)];
        Assert.All(staged, name => Assert.True(name.EndsWith(".json", StringComparison.Ordinal) ? staged.Contains(name[..^5]) : staged.Contains(name + ".json"), $"{when}: {name} is half of an upload"));
    }

    /// <summary>Waits until something is staged that nobody will continue.</summary>
    private async Task UntilForgottenAsync()
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!Directory.GetFiles(Uploads, "*.json").Any(path => ReadOrNothing(path).Contains("forgotten", StringComparison.Ordinal)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "no upload was ever staged");
            await Task.Delay(10);
        }

        static string ReadOrNothing(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                return ""; // done meanwhile
            }
        }
    }

    /// <summary>Puts one file after another, each again and again until it is acknowledged.</summary>
    private async Task PutFilesAsync(int writer, Address address, int seed)
    {
        var random = new Random(seed);
        await _gate.PassAsync();
        await using FileClient client = await UntilDoneAsync(() => ConnectAsync(address));
        while (!_isLast)
        {
            string path = $"w{writer}/f{random.Next(4)}";
            var content = new byte[random.Next(6) switch { 0 => 0, 1 => random.Next(5_000), 2 => random.Next(200_000), _ => random.Next(1_000_000, 6_000_000) }];
            random.NextBytes(content);
            _content.Sending(path, content);
            TransferReport report = await UntilDoneAsync(() => client.PutAsync(new MemoryStream(content), path, new PutOptions { MakeParents = true, Resume = true }));
            _content.Acknowledged(path);
            Interlocked.Add(ref _resumed, report.Size - report.Moved);
        }
    }

    /// <summary>Changes some files of a tree and puts it, again and again until all of it is acknowledged.</summary>
    private async Task PutTreesAsync(int writer, Address address, int seed)
    {
        var random = new Random(seed);
        await _gate.PassAsync();
        await using FileClient client = await UntilDoneAsync(() => ConnectAsync(address));
        while (!_isLast)
        {
            string[] changed = [.. Enumerable.Range(0, 25).Select(_ => $"d{random.Next(3)}/e{random.Next(2)}/f{random.Next(12)}").Distinct()];
            foreach (string name in changed)
            {
                var content = new byte[random.Next(8) == 0 ? random.Next(150_000, 900_000) : random.Next(12_000)];
                random.NextBytes(content);
                string local = _folder[$"local/t{writer}/{name}"];
                Directory.CreateDirectory(Path.GetDirectoryName(local)!);
                await File.WriteAllBytesAsync(local, content);
                _content.Sending($"t{writer}/{name}", content);
            }

            TreeReport report = await UntilDoneAsync(() => client.PutTreeAsync(_folder[$"local/t{writer}"], $"t{writer}"));
            Assert.Empty(report.Failures);
            foreach (string name in changed)
                _content.Acknowledged($"t{writer}/{name}");
        }
    }

    /// <summary>An upload that nobody continues.</summary>
    private async Task PutAndForgetAsync(Address address, string path, int seed)
    {
        var content = new byte[12_000_000];
        new Random(seed).NextBytes(content);
        _content.Sending(path, content);
        try
        {
            await using FileClient client = await ConnectAsync(address, rate: 4_000_000);
            await client.PutAsync(new MemoryStream(content), path, new PutOptions { Resume = true });
            _content.Acknowledged(path);
        }
        catch (TransportException)
        {
            // As was meant.
        }
    }

    private async Task<T> UntilDoneAsync<T>(Func<Task<T>> act)
    {
        while (true)
        {
            try
            {
                T done = await act();
                Interlocked.Increment(ref _jobs);
                return done;
            }
            catch (TransportException)
            {
                await _gate.PassAsync();
            }
        }
    }

    private static async Task<FileClient> ConnectAsync(Address address, long rate = 25_000_000)
    {
        FileClient client = await FileClient.ConnectAsync(address, new FileClientOptions { RateLimit = rate });
        await client.LoginAsync(User, Password);
        return client;
    }

    private async Task<ToolProcess> ServeAsync(Address address)
    {
        ToolProcess server = ToolProcess.StartWith(_folder.Home, "serve", "files", "--root", _folder["data"], "--accounts", _folder["accounts"], "--listen", address.ToString());
        await server.AddressesAsync(1);
        return server;
    }

    /// <summary>Lets the writers through while a server is there.</summary>
    private sealed class Gate
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _opened = New(); // under _lock, like the next
        private TaskCompletionSource _allWait = New();
        private int _waiting;

        public void Open()
        {
            lock (_lock)
            {
                _waiting = 0;
                _opened.TrySetResult();
            }
        }

        public void Close()
        {
            lock (_lock)
                (_opened, _allWait) = (New(), New());
        }

        /// <summary>Waits until each of some waits here.</summary>
        public async Task AllWaitAsync(Task[] writers)
        {
            Task all;
            lock (_lock)
            {
                if (_waiting == writers.Length)
                    return;
                all = _allWait.Task;
            }

            Task first = await Task.WhenAny([all, .. writers]).WaitAsync(Patience);
            await first; // a writer that ended has failed
        }

        public async Task PassAsync()
        {
            Task opened;
            lock (_lock)
            {
                opened = _opened.Task;
                if (!opened.IsCompleted && ++_waiting == 8)
                    _allWait.TrySetResult();
            }

            await opened;
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
