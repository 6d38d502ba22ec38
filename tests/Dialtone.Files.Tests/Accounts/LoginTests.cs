using System.Diagnostics;
using System.Text.Json;
using static Dialtone.Files.Tests.SessionSteps;

namespace Dialtone.Files.Tests;

public sealed class LoginTests
{
    [Fact] // D19
    public async Task Every_failed_log_in_looks_the_same()
    {
        await using TestShare share = await TestShare.StartAsync(
            TestShare.User("alex"),
            TestShare.User("expired") with { Expires = new DateTimeOffset(1999, 1, 1, 0, 0, 0, TimeSpan.Zero) },
            new Account { Name = "keyless", Home = VirtualPath.Root });
        var answers = new List<string>();

        foreach ((string name, string password) in new[] { ("alex", "wrong"), ("nobody", "x"), ("expired", "expired"), ("keyless", "x"), ("", "x"), ("a/b", "x"), ("alex", "") })
        {
            FileException failed = await Assert.ThrowsAsync<FileException>(async () => await share.Service.LoginAsync(TestShare.Caller($"192.0.2.{answers.Count}"), name, password));
            answers.Add($"{failed.Reason}: {failed.Message}");
        }

        answers.Add(Assert.Throws<FileException>(() => share.Service.Login(TestShare.Caller("192.0.2.100"), "expired")) is { } one ? $"{one.Reason}: {one.Message}" : "");
        answers.Add(Assert.Throws<FileException>(() => share.Service.LoginByKey(TestShare.Caller("192.0.2.101", key: "SHA256:x"))) is { } two ? $"{two.Reason}: {two.Message}" : "");
        Assert.Single(answers.Distinct());
        await using FileSession alex = await share.Service.LoginAsync(TestShare.Caller("192.0.2.200"), "alex", "alex");
        Assert.Equal("alex", alex.User);
    }

    [Fact]
    public async Task One_name_typed_in_two_ways_is_one_account_with_one_count_of_sessions()
    {
        await using TestShare share = await TestShare.StartAsync(options => options with { MaxSessionsPerUser = 2 }, TestShare.User("zoë", "/zoe"));
        await using FileSession composed = await share.Service.LoginAsync(TestShare.Caller(), "zoë", "zoë");
        await using FileSession decomposed = await share.Service.LoginAsync(TestShare.Caller("192.0.2.2"), "zoe\u0308", "zoe\u0308");
        Assert.Equal(composed.User, decomposed.User);
        await RefusesAsync(FileError.Limit, async () => await share.Service.LoginAsync(TestShare.Caller("192.0.2.3"), "ｚoë", "zoë"));
        Assert.Throws<ArgumentException>(() => share.Accounts.Replace(TestShare.User("zoë", "/zoe"), TestShare.User("ｚoe\u0308", "/other")));
    }

    [Fact]
    public async Task A_repeated_log_in_computes_nothing_for_a_minute_and_a_failed_one_always_computes()
    {
        var hasher = new PasswordHasher();
        await using TestShare share = await TestShare.StartAsync(options => options with { Hasher = hasher }, TestShare.User("alex"));
        await LoginAsync("alex", "alex");
        await RefusesAsync(FileError.LoginFailed, () => LoginAsync("alex", "wrong"));

        hasher.Dispose(); // from here on, whoever needs it is turned away as if it were busy

        await LoginAsync("alex", "alex");
        await RefusesAsync(FileError.Limit, () => LoginAsync("alex", "wrong"));
        await RefusesAsync(FileError.Limit, () => LoginAsync("nobody", "alex"));
        share.Time.Advance(TimeSpan.FromSeconds(59));
        await LoginAsync("alex", "alex");
        share.Time.Advance(TimeSpan.FromSeconds(1));
        await RefusesAsync(FileError.Limit, () => LoginAsync("alex", "alex"));

        async Task LoginAsync(string name, string password) =>
            await (await share.Service.LoginAsync(TestShare.Caller(), name, password)).DisposeAsync();
    }

    [Fact]
    public async Task A_changed_password_is_not_remembered()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"));
        await (await share.Service.LoginAsync(TestShare.Caller(), "alex", "alex")).DisposeAsync();

        share.Accounts.Replace(TestShare.User("alex") with { Password = ScramVerifier.Create("other", ScramVerifier.MinIterations) });

        await RefusesAsync(FileError.LoginFailed, async () => await share.Service.LoginAsync(TestShare.Caller(), "alex", "alex"));
        await (await share.Service.LoginAsync(TestShare.Caller(), "alex", "other")).DisposeAsync();
    }

    [Fact]
    public async Task A_hundred_log_ins_at_once_all_get_through()
    {
        Account[] accounts = [.. Enumerable.Range(0, 100).Select(i => TestShare.User($"user-{i}"))];
        await using TestShare share = await TestShare.StartAsync(accounts);

        FileSession[] sessions = await Task.WhenAll(accounts.Select(account => share.Service.LoginAsync(TestShare.Caller(), account.Name, account.Name).AsTask()));
        FileSession[] more = await Task.WhenAll(accounts.Select(_ => share.Service.LoginAsync(TestShare.Caller(), "user-0", "user-0").AsTask()));

        Assert.Equal(accounts.Select(account => account.Name), sessions.Select(session => session.User));
        foreach (FileSession session in sessions.Concat(more))
            await session.DisposeAsync();
    }

    [Fact] // D29
    public async Task A_flood_of_wrong_passwords_does_not_keep_a_right_one_waiting()
    {
        await using TestShare share = await TestShare.StartAsync(new Account { Name = "alex", Home = VirtualPath.Root, Password = ScramVerifier.Create("alex", 20_000) });
        Task<FileSession>[] wrong = [.. Enumerable.Range(0, 200).Select(i =>
            share.Service.LoginAsync(TestShare.Caller($"198.51.100.{i % 10}"), "alex", "wrong").AsTask())];

        await using FileSession alex = await share.Service.LoginAsync(TestShare.Caller(), "alex", "alex");

        Assert.True(wrong.Count(one => one.IsCompleted) < 100, "The right one waited for most of the wrong ones.");
        foreach (Task<FileSession> one in wrong)
            await RefusesAsync(FileError.LoginFailed, () => one);
        Assert.True(share.Service.Penalties.IsRefused(TestShare.Caller("198.51.100.1").IPAddress));
        Assert.False(share.Service.Penalties.IsRefused(TestShare.Caller().IPAddress));
    }

    [Fact]
    public async Task More_than_may_wait_are_told_to_come_back_and_nobody_is_charged()
    {
        await using TestShare share = await TestShare.StartAsync(
            options => options with { MaxWaitingLogins = 4 },
            new Account { Name = "alex", Home = VirtualPath.Root, Password = ScramVerifier.Create("alex", 200_000) });

        Task<FileSession>[] many = [.. Enumerable.Range(0, 30).Select(i => share.Service.LoginAsync(TestShare.Caller($"192.0.2.{i}"), "alex", "alex").AsTask())];
        int busy = 0;
        foreach (Task<FileSession> one in many)
        {
            try
            {
                await (await one).DisposeAsync();
            }
            catch (FileException e) when (e.Reason == FileError.Limit)
            {
                busy++;
            }
        }

        Assert.InRange(busy, 1, 29);
        Assert.Equal(0, share.Service.Penalties.Count);
    }

    [Fact] // D22, D24, D27
    public async Task The_fourth_failure_keeps_an_address_out_for_a_while_and_nobody_else()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"));
        for (int i = 0; i < 4; i++)
            await RefusesAsync(FileError.LoginFailed, async () => await share.Service.LoginAsync(TestShare.Caller(), "alex", "wrong"));

        Assert.True(share.Service.Penalties.IsRefused(TestShare.Caller().IPAddress));
        await RefusesAsync(FileError.LoginFailed, async () => await share.Service.LoginAsync(TestShare.Caller(), "alex", "alex"));
        await using (await share.Service.LoginAsync(TestShare.Caller("192.0.2.3"), "alex", "alex"))
            share.Time.Advance(TimeSpan.FromMinutes(1));
        await using FileSession later = await share.Service.LoginAsync(TestShare.Caller(), "alex", "alex");
    }

    [Theory] // D30
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData(null)]
    public async Task A_password_that_can_be_none_is_refused_before_any_hashing(string? password)
    {
        await using TestShare share = await TestShare.StartAsync(new Account { Name = "alex", Home = VirtualPath.Root, Password = ScramVerifier.Create("x", 2_000_000) });
        long started = Stopwatch.GetTimestamp();

        await RefusesAsync(FileError.LoginFailed, async () => await share.Service.LoginAsync(TestShare.Caller(), "alex", password ?? new string('x', 1025)));

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_key_logs_in_to_the_account_that_lists_it_and_to_no_other()
    {
        const string key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex") with { Keys = [key] }, TestShare.User("bob"));

        await using FileSession alex = share.Service.LoginByKey(TestShare.Caller(key: key));
        Assert.Equal("alex", alex.User);
        Assert.Equal(FileError.LoginFailed, Assert.Throws<FileException>(() => share.Service.LoginByKey(TestShare.Caller(key: key), "bob")).Reason);
        Assert.Equal(FileError.LoginFailed, Assert.Throws<FileException>(() => share.Service.LoginByKey(TestShare.Caller())).Reason);

        share.Accounts.Replace(TestShare.User("alex"), TestShare.User("bob"));
        await RefusesAsync(FileError.LoginRequired, async () => await alex.StatAsync(VirtualPath.Root));
    }

    [Fact]
    public async Task A_key_that_nobody_lists_charges_nobody_and_looks_like_every_failure()
    {
        const string known = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", unknown = "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex") with { Keys = [known] }, TestShare.User("bob"));
        FileCaller caller = TestShare.Caller("192.0.2.7", unknown), other = TestShare.Caller("192.0.2.7", known);
        var answers = new HashSet<string>();
        for (int attempt = 0; attempt < 10; attempt++)
        {
            foreach (string? user in (string?[])[null, "alex", "bob", "nobody"])
                answers.Add(Assert.Throws<FileException>(() => share.Service.LoginByKey(caller, user)).Message);
            answers.Add(Assert.Throws<FileException>(() => share.Service.LoginByKey(other, "bob")).Message);
        }

        Assert.False(share.Service.Penalties.IsRefused(caller.IPAddress));
        answers.Add((await Assert.ThrowsAsync<FileException>(async () => await share.Service.LoginAsync(caller, "alex", "wrong"))).Message);
        Assert.Single(answers);

        // Without a proven key there is nothing but the guess that none is needed.
        for (int attempt = 0; attempt < 3; attempt++)
            Assert.Throws<FileException>(() => share.Service.LoginByKey(TestShare.Caller("192.0.2.7"), "alex"));
        Assert.True(share.Service.Penalties.IsRefused(caller.IPAddress));
    }

    [Fact] // D32
    public async Task A_session_ends_with_its_account_in_the_middle_of_a_transfer()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex"), TestShare.User("bob"), TestShare.User("carl"), TestShare.User("dora"));
        FileSession[] sessions = [share.Login("alex"), share.Login("bob"), share.Login("carl"), share.Login("dora")];
        FileUpload[] uploads = new FileUpload[4];
        for (int i = 0; i < 4; i++)
        {
            await sessions[i].PutAsync("/d", 10);
            uploads[i] = await sessions[i].StartUploadAsync(new UploadRequest { Path = "/f".At(), Size = 2 });
            await uploads[i].AppendAsync(new byte[1]);
        }

        await using FileDownload download = await sessions[1].OpenAsync("/d".At());

        // alex stays with a right less, bob is gone, carl has another password, dora another home.
        share.Accounts.Replace(
            TestShare.User("alex", rights: "/=read"),
            TestShare.User("carl") with { Password = ScramVerifier.Create("new", ScramVerifier.MinIterations) },
            TestShare.User("dora", home: "/elsewhere"));

        await uploads[0].AppendAsync(new byte[1]);
        await RefusesAsync(FileError.Denied, async () => await sessions[0].RemoveAsync("/d".At()));
        await RefusesAsync(FileError.LoginRequired, async () => await download.ReadAsync(0, new byte[1]));
        for (int i = 1; i < 4; i++)
        {
            await RefusesAsync(FileError.LoginRequired, async () => await uploads[i].AppendAsync(new byte[1]));
            await RefusesAsync(FileError.LoginRequired, async () => await sessions[i].StatAsync("/d".At()));
        }

        foreach (FileUpload upload in uploads)
            await upload.DisposeAsync();
        foreach (FileSession session in sessions)
            await session.DisposeAsync();
    }

    [Fact]
    public async Task An_account_ends_when_its_last_day_is_over_also_in_a_session()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex") with { Expires = new DateTimeOffset(2000, 1, 2, 0, 0, 0, TimeSpan.Zero) });
        await using FileSession alex = share.Login("alex");
        await alex.StatAsync(VirtualPath.Root);

        share.Time.Advance(TimeSpan.FromDays(1));

        await RefusesAsync(FileError.LoginRequired, async () => await alex.StatAsync(VirtualPath.Root));
        Assert.Equal(FileError.LoginFailed, Assert.Throws<FileException>(() => share.Login("alex")).Reason);
    }

    [Fact] // D20
    public void A_scram_server_answers_an_unknown_name_with_the_same_salt_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("dialtone-scram").FullName;
        try
        {
            string path = Path.Combine(folder, "accounts.json");
            AccountsFile.Open(path, create: true).Add(TestShare.User("alex"));

            Assert.Equal(Salt(path, "nobody"), Salt(path, "nobody"));
            Assert.NotEqual(Salt(path, "nobody"), Salt(path, "nobody2"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Scram_costs_the_server_less_than_a_millisecond()
    {
        await using TestShare share = await TestShare.StartAsync(TestShare.User("alex") with { Password = ScramVerifier.Create("alex", 50_000) });
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            var client = new ScramClient("alex", "alex");
            byte[] start = client.Start().ToArray();
            long a = Stopwatch.GetTimestamp();
            var server = new ScramServer(share.Service.ScramAccounts);
            ScramStep challenge = server.Receive(start);
            TimeSpan spent = Stopwatch.GetElapsedTime(a);
            byte[] proof = client.Receive(challenge.Reply.Span).Reply.ToArray();
            long b = Stopwatch.GetTimestamp();
            Assert.Equal(ScramStatus.Succeeded, server.Receive(proof).Status);
            await using FileSession session = share.Service.Login(TestShare.Caller(), server.UserName!);
            spent += Stopwatch.GetElapsedTime(b);
            best = spent < best ? spent : best;
        }

        Assert.True(best < TimeSpan.FromMilliseconds(1), $"{best}");
    }

    [Fact]
    public async Task Sessions_are_bounded_by_account_and_by_address_and_every_refusal_is_written_down()
    {
        string path = Path.GetTempFileName();
        await using (AuditLog audit = AuditLog.Open(path))
        {
            await using TestShare share = await TestShare.StartAsync(
                options => options with { MaxSessionsPerUser = 2, MaxSessionsPerAddress = 3, Audit = audit, Anonymous = FileRights.Browse },
                TestShare.User("alex"));
            FileSession one = share.Login("alex"), two = share.Login("alex");
            Assert.Equal(FileError.Limit, Assert.Throws<FileException>(() => share.Service.Login(TestShare.Caller("203.0.113.5"), "alex")).Reason);
            await using FileSession stranger = share.Service.OpenAnonymous(TestShare.Caller());
            Assert.Equal(FileError.Limit, Assert.Throws<FileException>(() => share.Service.OpenAnonymous(TestShare.Caller())).Reason);
            await using FileSession another = share.Service.OpenAnonymous(TestShare.Caller("2001:db8:1:2:3::1"));
            await two.DisposeAsync();
            await using FileSession again = share.Login("alex");
            await one.DisposeAsync();
        }

        string[] outcomes = [.. File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => $"{line.GetProperty("event")} {line.GetProperty("outcome")}")];
        File.Delete(path);
        Assert.Equal(["login ok", "login ok", "login limit", "login limit", "logout ok", "login ok", "logout ok", "logout ok"], outcomes);
    }

    private static string Salt(string path, string name)
    {
        using var service = new ServiceOver(AccountsFile.Open(path));
        ScramStep step = new ScramServer(service.Service.ScramAccounts).Receive(new ScramClient(name, "x").Start().Span);
        return System.Text.Encoding.UTF8.GetString(step.Reply.Span).Split(',')[1];
    }

    private sealed class ServiceOver(IAccounts accounts) : IDisposable
    {
        private readonly MemoryFileStore _store = new();

        public FileService Service => new(new FileServiceOptions { Store = _store, Accounts = accounts });

        public void Dispose() => _store.Dispose();
    }
}
