using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>A share in memory with the account alex (3714, home /home/alex), next to alex2's home, served in one dialect over TCP.</summary>
internal sealed class Share : IAsyncDisposable
{
    public const string DoorKey = "linhaifeng bang bang bang";

    private static readonly ScramVerifier Password = ScramVerifier.Create("3714", ScramVerifier.MinIterations);

    private Share(MemoryFileStore store, AccountList accounts, FileService service, Server server, LogLines log) =>
        (Store, Accounts, Service, Server, Log) = (store, accounts, service, server, log);

    public MemoryFileStore Store { get; }

    public AccountList Accounts { get; }

    public FileService Service { get; }

    public Server Server { get; }

    public LogLines Log { get; }

    public Address Address => Server.Addresses[0];

    public static Account Alex(Quota? quota = null) =>
        new() { Name = "alex", Password = Password, Home = VirtualPath.Parse("/home/alex"), Quota = quota };

    public static Account Alex2 => new() { Name = "alex2", Password = Password, Home = VirtualPath.Parse("/home/alex2") };

    public static async Task<Share> StartAsync(
        Func<FileServiceOptions, FileServiceOptions>? with = null, Quota? quota = null, bool door = false, long capacity = long.MaxValue, string concurrency = "task", TimeProvider? time = null)
    {
        var store = new MemoryFileStore(capacity: capacity);
        var log = new LogLines();
        var accounts = new AccountList(Alex(quota), Alex2);
        var options = new FileServiceOptions
        {
            Store = store,
            Accounts = accounts,
            DoorOpens = door,
            LoggerFactory = log,
            Time = time ?? TimeProvider.System,
            Hasher = new PasswordHasher(new PasswordHasherOptions { Iterations = ScramVerifier.MinIterations, Queue = 256, Wait = TimeSpan.FromSeconds(30) }),
            Penalties = new PenaltyTable(new PenaltyOptions { Exempt = [System.Net.IPNetwork.Parse("127.0.0.0/8")] }),
        };
        var service = new FileService(with?.Invoke(options) ?? options);
        await service.StartAsync();
        Assert.True(Concurrency.TryParse(concurrency, out Concurrency? policy));
        var server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], LoggerFactory = log, Concurrency = policy });
        if (door)
            server.Use(HmacChallenge.With(HmacKey.FromText(DoorKey)));
        server.Handle(new FileServer(service).HandleAsync);
        await server.StartAsync();
        var share = new Share(store, accounts, service, server, log);
        await share.MakeFolderAsync("/home/alex");
        await share.MakeFolderAsync("/home/alex2");
        return share;
    }

    /// <summary>What a Python client saw on the steps given, a line for each.</summary>
    public async Task<string[]> RunAsync(string client, string style, params string[] steps) => await RunAsync(client, style, key: null, steps);

    public async Task<string[]> RunAsync(string client, string style, string? key, string[] steps)
    {
        string port = Address.Port.ToString(CultureInfo.InvariantCulture);
        PythonResult result;
        try
        {
            result = await PythonPeer.RunAsync(
                Path.Combine(AppContext.BaseDirectory, "Dialects", "peers", client), key is null ? [port, style] : [port, style, key], string.Join('\n', steps) + "\n");
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }

        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return [.. result.Output.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd(' '))];
    }

    public Task MakeFolderAsync(string path) => Store.MakeFolderAsync(VirtualPath.Parse(path), parents: true).AsTask();

    public async Task WriteAsync(string path, byte[] content)
    {
        await using IStagedFile staged = await Store.StageAsync(content.Length, default);
        await staged.AppendAsync(content);
        await Store.PublishAsync(staged, VirtualPath.Parse(path), new PublishOptions { MakeParents = true });
    }

    /// <summary>A file's content; null if there is none.</summary>
    public async Task<byte[]?> ReadAsync(string path)
    {
        try
        {
            using IStoredFile file = await Store.OpenAsync(VirtualPath.Parse(path));
            var content = new byte[file.Entry.Size];
            for (int at = 0, count; at < content.Length; at += count)
            {
                count = await file.ReadAsync(at, content.AsMemory(at));
                Assert.NotEqual(0, count);
            }

            return content;
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.IsFolder)
        {
            return null;
        }
    }

    /// <summary>A file's content once it is there: uploads are not acknowledged.</summary>
    public async Task<byte[]> WaitForAsync(string path)
    {
        byte[]? content = null;
        await TrueAsync(async () => (content = await ReadAsync(path)) is not null, $"{path} is there");
        return content!;
    }

    /// <summary>Names below a folder, files and folders, all the way down, in order.</summary>
    public async Task<string[]> NamesAsync(string folder)
    {
        var names = new List<string>();
        await Walk(VirtualPath.Parse(folder), "");
        return [.. names];

        async Task Walk(VirtualPath path, string prefix)
        {
            foreach (FileEntry entry in (await Store.ListAsync(path, null, int.MaxValue)).Entries)
            {
                names.Add(prefix + entry.Name);
                if (entry.Kind == FileKind.Folder)
                    await Walk(path.Append(entry.Name), prefix + entry.Name + "/");
            }
        }
    }

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"Not within 20 s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>The content that the Python peers make for a size.</summary>
    public static byte[] Content(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)i)];

    /// <summary>A content as the Python peers report it.</summary>
    public static string Digest(byte[] content) =>
        $"{content.Length} {Convert.ToHexStringLower(SHA256.HashData(content))[..16]}";

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Service.DisposeAsync();
        Service.Options.Hasher!.Dispose();
    }
}

/// <summary>The system's time with longer timers: peers that pause on purpose are never late, however busy the machine is.</summary>
internal sealed class SlowTime(int factor) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime * factor : dueTime, period);
}

/// <summary>What was logged.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // One place for all lines.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(new StringBuilder().Append(logLevel).Append(' ').Append(formatter(state, exception)).Append(exception).ToString());

    public void Dispose()
    {
        // Nothing is held.
    }
}
