using Microsoft.Extensions.Logging;

namespace Dialtone.Files.Tests.Native;

/// <summary>A file server of its own for a test: its share, its accounts, its address.</summary>
internal sealed class NativeShare : IAsyncDisposable
{
    public const string User = "alice", Password = "correct horse battery";

    private static int Count;
    private readonly string _scratch;

    private NativeShare(string scratch, IFileStore store, FileService service, Server server, LogLines log)
    {
        (_scratch, Store, Service, Server, Log) = (scratch, store, service, server, log);
        Scratch = Path.Combine(scratch, "scratch");
        Root = Path.Combine(scratch, "root");
    }

    public IFileStore Store { get; }

    public FileService Service { get; }

    public Server Server { get; }

    public LogLines Log { get; }

    /// <summary>A local folder for whatever the test's client needs.</summary>
    public string Scratch { get; }

    /// <summary>The folder that is shared, where the store is local.</summary>
    public string Root { get; }

    public Address Address => Server.Addresses[0];

    public static async Task<NativeShare> StartAsync(
        string listen = "memory:", bool local = false, Func<FileServiceOptions, FileServiceOptions>? configure = null, FileRights anonymous = FileRights.All,
        Func<ServerOptions, ServerOptions>? configureServer = null)
    {
        string scratch = Directory.CreateTempSubdirectory("dialtone-native-").FullName;
        Directory.CreateDirectory(Path.Combine(scratch, "scratch"));
        string root = Directory.CreateDirectory(Path.Combine(scratch, "root")).FullName;
        IFileStore store = local ? LocalFileStore.Open(root) : new MemoryFileStore();
        var log = new LogLines();
        var options = new FileServiceOptions
        {
            Store = store,
            Anonymous = anonymous,
            Accounts = new AccountList(new Account { Name = User, Home = VirtualPath.Root, Password = ScramVerifier.Create(Password, ScramVerifier.MinIterations) }),
            LoggerFactory = log,
        };
        var service = new FileService(configure?.Invoke(options) ?? options);
        await service.StartAsync();
        if (listen == "memory:")
            listen += $"native-{Interlocked.Increment(ref Count)}";
        var serverOptions = new ServerOptions { Listen = [listen] };
        if (serverOptions.Listen[0].IsTls)
            serverOptions = serverOptions with { Tls = new TlsServerOptions { Certificate = ServerCertificate.LoadOrCreate(Path.Combine(scratch, "keys")) } };
        Server server = new FileServer(service).CreateServer(configureServer?.Invoke(serverOptions) ?? serverOptions);
        await server.StartAsync();
        return new NativeShare(scratch, store, service, server, log);
    }

    public Task<FileClient> ConnectAsync(Func<FileClientOptions, FileClientOptions>? configure = null, Address? address = null)
    {
        var options = new FileClientOptions { Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } } };
        return FileClient.ConnectAsync(address ?? Address, configure?.Invoke(options) ?? options);
    }

    public async Task<RawCaller> CallAsync(Address? address = null) => new(await Dialer.ConnectAsync(
        address ?? Address, new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } }));

    /// <summary>What the share holds at a path, read behind the server's back; null for nothing.</summary>
    public async Task<byte[]?> ReadAsync(string path)
    {
        try
        {
            using IStoredFile file = await Store.OpenAsync(VirtualPath.Parse(path));
            var content = new byte[file.Entry.Size];
            for (int at = 0; at < content.Length;)
                at += await file.ReadAsync(at, content.AsMemory(at));
            return content;
        }
        catch (FileException e) when (e.Reason == FileError.NotFound)
        {
            return null;
        }
    }

    /// <summary>Puts a file there behind the server's back.</summary>
    public async Task WriteAsync(string path, byte[] content)
    {
        await using IStagedFile staged = await Store.StageAsync(content.Length, default);
        await staged.AppendAsync(content);
        await Store.PublishAsync(staged, VirtualPath.Parse(path), new PublishOptions { MakeParents = true });
    }

    public string ScratchFile(string name, byte[] content)
    {
        string path = Path.Combine(Scratch, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Service.DisposeAsync();
        Store.Dispose();
        Directory.Delete(_scratch, recursive: true);
    }

    public static byte[] RandomBytes(int count, int seed = 7)
    {
        var content = new byte[count];
        new Random(seed).NextBytes(content);
        return content;
    }
}

/// <summary>Collects what is logged.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly List<string> _lines = [];

    public string[] All
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // There is only this one.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add(formatter(state, exception));
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
