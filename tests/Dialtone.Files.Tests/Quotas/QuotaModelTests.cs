namespace Dialtone.Files.Tests;

/// <summary>Random operations of three accounts with quotas inside one another; after each, the books are what a walk over the files finds.</summary>
public sealed class QuotaModelTests(ITestOutputHelper output)
{
    private static readonly string[] Folders = ["", "/d1", "/d1/e", "/d2"];
    private static readonly string[] Names = ["a", "b", "c", "f"];

    [Fact] // I08
    public async Task The_books_equal_the_disk_after_each_of_ten_thousand_random_operations()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var run = new Run(new Random(seed));
        await run.StartAsync();
        for (int i = 0; i < 10_000; i++)
        {
            string step = await run.StepAsync();
            string? wrong = await run.CheckAsync();
            Assert.True(wrong is null, $"seed {seed}, step {i}, {step}: {wrong}");
        }

        await run.FinishAsync();
    }

    private sealed class Run(Random random) : IAsyncDisposable
    {
        private readonly List<FileUpload> _uploads = [];
        private readonly Dictionary<string, long> _excess = [];
        private TestShare _share = null!;
        private FileSession[] _sessions = [];

        private static Account[] Accounts =>
        [
            TestShare.User("admin", home: "/"),
            TestShare.User("alex", bytes: 2000, files: 9),
            TestShare.User("bob", home: "/team/bob", bytes: 1500),
        ];

        public async Task StartAsync()
        {
            _share = await TestShare.StartAsync(options => options with { ShareQuota = new Quota(4000, 24) }, Accounts);
            _sessions = [.. Accounts.Select(account => _share.Login(account.Name))];
        }

        public async Task<string> StepAsync()
        {
            int who = random.Next(_sessions.Length);
            FileSession session = _sessions[who];
            int kind = random.Next(100);
            VirtualPath path = AnyPath(who), other = AnyPath(who);
            string step = $"{session.User} {kind} {path} {other}";
            try
            {
                await (kind switch
                {
                    < 25 => BeginAsync(session, path),
                    < 45 => AppendAsync(),
                    < 60 => EndAsync(commit: true),
                    < 66 => EndAsync(commit: false),
                    < 71 => ResumeAsync(session, path),
                    < 78 => session.RemoveAsync(path, recursive: random.Next(2) == 0).AsTask(),
                    < 80 => session.RemoveAsync(path.Parent, recursive: true).AsTask(),
                    < 88 => session.RenameAsync(path, other, overwrite: random.Next(2) == 0).AsTask(),
                    < 91 => session.RenameAsync(path.Parent, other.Parent.IsRoot ? other : other.Parent).AsTask(),
                    < 95 => session.CopyAsync(random.Next(4) == 0 ? path.Parent : path, other, overwrite: random.Next(2) == 0).AsTask(),
                    < 97 => session.MakeFolderAsync(path.Parent, parents: true).AsTask(),
                    97 => RestartAsync(),
                    98 => RemeasureAsync(),
                    _ => RequotaAsync(),
                });
                step += " done";
            }
            catch (FileException e)
            {
                step += $" {e.Reason}";
            }

            await LoginAgainAsync();
            return step;
        }

        public async Task<string?> CheckAsync()
        {
            foreach (FileSession session in _sessions)
            {
                UsageReport books = await session.UsageAsync();
                StoreUsage disk = await MeasureAsync(session.Home);
                if (books.Used != disk)
                    return $"{session.User} has {disk}, the books say {books.Used}";
                StoreUsage reserved = _share.Service.Ledger.ReservedWithin(session.Home);
                if (books.Reserved != reserved)
                    return $"{session.User} has set aside {reserved}, the books say {books.Reserved}";
                // Only an operator, or a restart that finds what an upload meant to replace gone, may put it above; and it never grows from there.
                long excess = Math.Max(books.Used.Bytes + books.Reserved.Bytes - books.Quota!.Bytes!.Value, 0)
                    + (1000 * Math.Max(0, books.Used.Files + books.Reserved.Files - (books.Quota.Files ?? 1000)));
                if (excess > _excess.GetValueOrDefault(session.User!))
                    return $"{session.User} is {excess} above the quota";
                _excess[session.User!] = excess;
            }

            return null;
        }

        public async Task FinishAsync()
        {
            while (_uploads.Count > 0)
                await EndAsync(commit: false);
            await _share.Service.SweepAsync();
            _share.Time.Advance(TimeSpan.FromHours(49));
            Assert.Null(await CheckAsync());
            Assert.Equal(default, _share.Service.Ledger.ReservedWithin(VirtualPath.Root));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (FileUpload upload in _uploads)
                await upload.DisposeAsync();
            await _share.DisposeAsync();
        }

        private VirtualPath AnyPath(int who)
        {
            string folder = Folders[random.Next(Folders.Length)];
            string home = who == 0 ? random.Next(4) switch { 0 => "/alex", 1 => "/team/bob", 2 => "/team", _ => "" } : "";
            return VirtualPath.Parse($"{home}{folder}/{Names[random.Next(Names.Length)]}");
        }

        private async Task BeginAsync(FileSession session, VirtualPath path)
        {
            if (_uploads.Count > 6)
                await EndAsync(commit: true);
            _uploads.Add(await session.StartUploadAsync(new UploadRequest
            {
                Path = path,
                Size = random.Next(3) == 0 ? null : random.Next(700),
                Mode = (PublishMode)random.Next(3),
                MakeParents = true,
                Keep = random.Next(2) == 0,
            }));
        }

        private async Task AppendAsync()
        {
            if (_uploads.Count == 0)
                return;
            FileUpload upload = _uploads[random.Next(_uploads.Count)];
            await upload.AppendAsync(new byte[Math.Min(random.Next(400), (upload.Size ?? long.MaxValue) - upload.Length)]);
        }

        private async Task EndAsync(bool commit)
        {
            if (_uploads.Count == 0)
                return;
            int which = random.Next(_uploads.Count);
            FileUpload upload = _uploads[which];
            _uploads.RemoveAt(which);
            await using (upload)
            {
                if (commit && upload.Size is { } size)
                    await upload.AppendAsync(new byte[size - upload.Length]);
                if (commit)
                    await upload.CommitAsync();
            }
        }

        private async Task ResumeAsync(FileSession session, VirtualPath path)
        {
            foreach (KeptUploads.Entry entry in _share.Service.Kept.Unheld())
            {
                if (entry.Record.Owner == session.User)
                {
                    _uploads.Add(await session.ResumeUploadAsync(entry.Id, random.NextInt64(entry.Length + 1)));
                    return;
                }
            }

            Assert.Null(await session.FindUploadAsync(path, 1));
        }

        private async Task RestartAsync()
        {
            while (_uploads.Count > 0)
                await EndAsync(commit: false);
            await _share.RestartAsync();
            foreach (FileSession session in _sessions)
                _excess[session.User!] = long.MaxValue;
            _sessions = [.. Accounts.Select(account => _share.Login(account.Name))];
        }

        private Task RemeasureAsync()
        {
            _share.Service.Remeasure();
            return Task.CompletedTask;
        }

        private Task RequotaAsync()
        {
            Account[] accounts = Accounts;
            accounts[1] = accounts[1] with { Quota = new Quota(random.Next(1500, 2500), random.Next(7, 12)) };
            _share.Accounts.Replace(accounts);
            _excess["alex"] = long.MaxValue;
            return Task.CompletedTask;
        }

        // Whoever's home was moved or removed has to log in again; their uploads end with the session.
        private async Task LoginAgainAsync()
        {
            for (int i = 0; i < _sessions.Length; i++)
            {
                try
                {
                    _sessions[i].CheckStillWelcome();
                }
                catch (FileException)
                {
                    while (_uploads.Count > 0)
                        await EndAsync(commit: false);
                    await _sessions[i].DisposeAsync();
                    _sessions[i] = _share.Login(Accounts[i].Name);
                }
            }
        }

        private async Task<StoreUsage> MeasureAsync(VirtualPath folder)
        {
            try
            {
                return await _share.Store.MeasureAsync(folder);
            }
            catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder)
            {
                return default;
            }
        }
    }
}
