using System.Net;
using System.Text;

namespace Dialtone.Files.Tests;

/// <summary>A share in memory, with a clock that stands still and accounts whose passwords are their names.</summary>
internal sealed class TestShare : IAsyncDisposable
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, ScramVerifier> Verifiers = new();
    private readonly Func<FileServiceOptions, FileServiceOptions> _change;
    private readonly PasswordHasher _hasher = new(new PasswordHasherOptions { Iterations = ScramVerifier.MinIterations });

    private TestShare(IFileStore store, FakeTimeProvider time, Func<FileServiceOptions, FileServiceOptions>? change, Account[] accounts)
    {
        (Store, Time, Accounts, _change) = (store, time, new AccountList(accounts), change ?? (options => options));
        Service = NewService();
    }

    public IFileStore Store { get; }

    public FakeTimeProvider Time { get; }

    public AccountList Accounts { get; }

    public FileService Service { get; private set; }

    public static Task<TestShare> StartAsync(params Account[] accounts) => StartAsync(null, accounts);

    public static async Task<TestShare> StartAsync(Func<FileServiceOptions, FileServiceOptions>? change, params Account[] accounts)
    {
        var time = new FakeTimeProvider();
        var share = new TestShare(new MemoryFileStore(time), time, change, accounts);
        await share.Service.StartAsync();
        return share;
    }

    public static Account User(string name, string? home = null, long? bytes = null, long? files = null, string? rights = null) => new()
    {
        Name = name,
        Password = Verifiers.GetOrAdd(name, password => ScramVerifier.Create(password, ScramVerifier.MinIterations)),
        Home = VirtualPath.Parse(home ?? "/" + name),
        Quota = bytes is null && files is null ? null : new Quota(bytes, files),
        Rights = rights is null ? new Account { Name = name, Home = VirtualPath.Root }.Rights : Rights(rights),
    };

    /// <summary>Rights as <c>/=list,read; /in=write</c>.</summary>
    public static Dictionary<VirtualPath, FileRights> Rights(string rules) => rules.Split(';', StringSplitOptions.TrimEntries)
        .Select(rule => rule.Split('='))
        .ToDictionary(rule => VirtualPath.Parse(rule[0]), rule => FileRightsText.Parse(rule[1]));

    public static FileCaller Caller(string address = "192.0.2.1", string? key = null) => new(new IPEndPoint(IPAddress.Parse(address), 1234), "test", key);

    public FileSession Login(string name) => Service.Login(Caller(), name);

    /// <summary>What a new process would do over the same files.</summary>
    public async Task RestartAsync()
    {
        await Service.DisposeAsync();
        Service = NewService();
        await Service.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        _hasher.Dispose();
        Store.Dispose();
    }

    private FileService NewService() => new(_change(new FileServiceOptions { Store = Store, Accounts = Accounts, Time = Time, Hasher = _hasher }));
}

internal static class SessionSteps
{
    public static VirtualPath At(this string path) => VirtualPath.Parse(path);

    public static async Task<PublishedFile> PutAsync(this FileSession session, string path, int size, bool announce = true, PublishMode mode = PublishMode.Replace)
    {
        await using FileUpload upload = await session.StartUploadAsync(new UploadRequest { Path = path.At(), Size = announce ? size : null, Mode = mode, MakeParents = true });
        await upload.AppendAsync(new byte[size]);
        return await upload.CommitAsync();
    }

    public static async Task PutTextAsync(this FileSession session, string path, string text)
    {
        byte[] content = Encoding.UTF8.GetBytes(text);
        await using FileUpload upload = await session.StartUploadAsync(new UploadRequest { Path = path.At(), Size = content.Length });
        await upload.AppendAsync(content);
        await upload.CommitAsync();
    }

    public static async Task<string> GetTextAsync(this FileSession session, string path)
    {
        await using FileDownload download = await session.OpenAsync(path.At());
        var content = new byte[download.Entry.Size];
        int count = 0;
        while (count < content.Length)
            count += await download.ReadAsync(count, content.AsMemory(count));
        return Encoding.UTF8.GetString(content);
    }

    public static async Task RefusesAsync(FileError reason, Func<Task> action) => Assert.Equal(reason, (await Assert.ThrowsAsync<FileException>(action)).Reason);

    public static async Task<(long Used, long Reserved, long Files)> BooksAsync(this FileSession session)
    {
        UsageReport report = await session.UsageAsync();
        return (report.Used.Bytes, report.Reserved.Bytes, report.Used.Files);
    }
}
