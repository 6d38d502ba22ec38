using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class UnixBindingTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly SocketFolder _folder = new();

    public static TheoryData<EngineKind> AllEngines => Engines.All;

    private string SocketPath => _folder["s"];

    private UnixDomainSocketEndPoint EndPoint => new(SocketPath);

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_path_is_answered_and_removed_at_the_end(EngineKind engine)
    {
        await using (Server server = await Servers.StartEchoAsync(engine, $"unix://{SocketPath}"))
            Assert.Equal("hello", await Servers.AskAsync(EndPoint));
        Assert.False(File.Exists(SocketPath));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Sequenced_sockets_keep_messages_apart(EngineKind engine)
    {
        await using Server server = await Servers.StartEchoAsync(engine, $"unixseq://{SocketPath}");
        using Socket caller = await Servers.ConnectAsync(EndPoint, SocketType.Seqpacket);
        await caller.SendAsync("one"u8.ToArray());
        await caller.SendAsync("two"u8.ToArray());
        var buffer = new byte[64];
        Assert.Equal(3, await caller.ReceiveAsync(buffer));
        Assert.Equal(3, await caller.ReceiveAsync(buffer));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task An_abstract_name_is_answered_and_leaves_no_file(EngineKind engine)
    {
        string name = $"dialtone-{Guid.NewGuid():N}";
        await using Server server = await Servers.StartEchoAsync(engine, $"unix://@{name}");
        Assert.Equal("hello", await Servers.AskAsync(new UnixDomainSocketEndPoint("\0" + name)));
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(engine, $"unix://@{name}"));
        Assert.Equal(TransportError.AddressInUse, error.Reason);
    }

    [Fact] // F20
    public async Task Only_the_owner_may_connect_unless_said_otherwise()
    {
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"unix://{SocketPath}");
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(SocketPath));
    }

    [Theory] // F20
    [InlineData("0660")]
    [InlineData("0666")]
    [InlineData("0400")]
    public async Task The_mode_asked_for_holds_whatever_the_umask(string mode)
    {
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"unix://{SocketPath}?mode={mode}");
        Assert.Equal((UnixFileMode)Convert.ToInt32(mode, 8), File.GetUnixFileMode(SocketPath));
    }

    [Fact] // F20
    public async Task The_mode_is_never_wider_than_asked_for_while_starting()
    {
        using var watching = new CancellationTokenSource();
        UnixFileMode seen = 0;
        var watcher = new Thread(() =>
        {
            while (!watching.IsCancellationRequested)
            {
                try
                {
                    seen |= File.GetUnixFileMode(SocketPath);
                }
                catch (IOException)
                {
                    // Between two servers.
                }
            }
        });
        watcher.Start();
        for (int i = 0; i < 50; i++)
            await using (await Servers.StartEchoAsync(EngineKind.Sockets, $"unix://{SocketPath}"))
            {
            }

        await watching.CancelAsync();
        watcher.Join();
        Assert.Equal((UnixFileMode)0, seen & ~OwnerOnly);
    }

    [Theory] // F21
    [InlineData("unix", SocketType.Stream)]
    [InlineData("unixseq", SocketType.Seqpacket)]
    public async Task A_path_that_a_dead_server_left_is_replaced(string scheme, SocketType type)
    {
        LeaveBehind(type);
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"{scheme}://{SocketPath}");
        Assert.Equal("hello", await Servers.AskAsync(EndPoint, type: type));
    }

    [Fact] // F21
    public async Task A_path_that_a_live_server_holds_is_not_taken()
    {
        await using Server first = await Servers.StartEchoAsync(EngineKind.Auto, $"unix://{SocketPath}");
        foreach (string scheme in (string[])["unix", "unixseq"])
        {
            var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, $"{scheme}://{SocketPath}"));
            Assert.Equal(TransportError.AddressInUse, error.Reason);
        }

        Assert.Equal("hello", await Servers.AskAsync(EndPoint));
    }

    [Fact] // F21
    public async Task A_server_too_busy_to_answer_is_still_alive()
    {
        using var busy = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        busy.Bind(EndPoint);
        busy.Listen(0);
        using Socket waiting = await Servers.ConnectAsync(EndPoint);
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, $"unix://{SocketPath}"));
        Assert.Equal(TransportError.AddressInUse, error.Reason);
    }

    [Fact] // F21
    public async Task Links_and_files_at_the_path_are_refused_and_left_alone()
    {
        string target = _folder["target"];
        LeaveBehind(SocketType.Stream);
        File.Move(SocketPath, target);
        File.CreateSymbolicLink(SocketPath, target);
        await RefusedAsync("a symbolic link");
        Assert.True(File.Exists(target));
        Assert.Equal(target, new FileInfo(SocketPath).LinkTarget);

        File.Delete(SocketPath);
        await File.WriteAllTextAsync(SocketPath, "precious");
        await RefusedAsync("a file");
        Assert.Equal("precious", await File.ReadAllTextAsync(SocketPath));

        async Task RefusedAsync(string what)
        {
            var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, $"unix://{SocketPath}"));
            Assert.Equal(TransportError.AddressNotAvailable, error.Reason);
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact] // F21
    public async Task Of_many_servers_that_start_over_one_dead_path_exactly_one_wins()
    {
        for (int round = 0; round < 10; round++)
        {
            LeaveBehind(SocketType.Stream);
            Task<Server?>[] starts = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(TryStartAsync))];
            Server?[] servers = await Task.WhenAll(starts);
            Server winner = Assert.Single(servers.OfType<Server>());
            Assert.Equal("hello", await Servers.AskAsync(EndPoint));
            await winner.DisposeAsync();
        }

        async Task<Server?> TryStartAsync()
        {
            try
            {
                return await Servers.StartEchoAsync(EngineKind.Sockets, $"unix://{SocketPath}");
            }
            catch (TransportException e) when (e.Reason == TransportError.AddressInUse)
            {
                return null;
            }
        }
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_path_that_is_somebody_elses_by_now_is_left_at_the_end(EngineKind engine)
    {
        await using (await Servers.StartEchoAsync(engine, $"unix://{SocketPath}"))
        {
            File.Delete(SocketPath);
            await File.WriteAllTextAsync(SocketPath, "mine");
        }

        Assert.Equal("mine", await File.ReadAllTextAsync(SocketPath));
    }

    [Fact]
    public async Task One_server_listens_on_several_paths_of_one_folder()
    {
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"unix://{_folder["a"]}", $"unix://{_folder["b"]}");
        Assert.Equal("hello", await Servers.AskAsync(new UnixDomainSocketEndPoint(_folder["b"])));
    }

    [Fact]
    public async Task A_missing_folder_is_named_as_the_reason()
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, $"unix://{_folder["no/s"]}"));
        Assert.Equal(TransportError.AddressNotAvailable, error.Reason);
        Assert.Contains("folder does not exist", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllEngines))] // F22
    public async Task The_callers_process_and_user_are_known(EngineKind engine)
    {
        var seen = new TaskCompletionSource<PeerCredentials?>();
        await using Server server = await Servers.StartAsync(
            new ServerOptions
            {
                Listen = [$"unix://{SocketPath}"],
                Engine = engine,
                Verify = connection =>
                {
                    seen.TrySetResult(connection.PeerCredentials);
                    return new(false);
                },
            });
        using Socket caller = await Servers.ConnectAsync(EndPoint);
        PeerCredentials credentials = (await seen.Task.WaitAsync(Servers.Patience)).GetValueOrDefault();
        Assert.Equal(Environment.ProcessId, credentials.ProcessId);
        Assert.Equal(0, await caller.ReceiveAsync(new byte[1])); // a rule on them closes the door
    }

    /// <summary>A socket's path without a server, as a crash leaves it.</summary>
    private void LeaveBehind(SocketType type)
    {
        using var dead = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        string elsewhere = _folder["moved"];
        dead.Bind(EndPoint);
        File.Move(SocketPath, elsewhere); // so that closing does not delete it
        dead.Dispose();
        File.Move(elsewhere, SocketPath);
    }
}
