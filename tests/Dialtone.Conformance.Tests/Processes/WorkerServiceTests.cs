using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>What a caller sees of a server whose conversations have a process each.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerServiceTests
{
    public static TheoryData<string, string, string> Everything
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (string scheme in (string[])["tcp", "unix", "unixseq"])
            {
                foreach (string handler in (string[])["echo", "blocking-echo"])
                {
                    rows.Add(scheme, handler, "epoll");
                    rows.Add(scheme, handler, "sockets");
                }
            }

            return rows;
        }
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task A_worker_echoes_on_every_listener_engine_and_kind_of_handler(string scheme, string handler, string engine)
    {
        using var folder = new SocketFolder();
        string path = folder["s"];
        Address address = scheme == "tcp" ? "tcp://127.0.0.1:0" : $"{scheme}://{path}";
        await using Server server = await WorkerProgram.StartAsync(handler, new ServerOptions
        {
            Listen = [address],
            Concurrency = engine == "sockets" ? WorkerProgram.Policy(handler, settings: "engine=sockets") : WorkerProgram.Policy(handler),
        });
        using Socket caller = scheme == "tcp"
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, scheme == "unix" ? SocketType.Stream : SocketType.Seqpacket, ProtocolType.Unspecified);
        caller.ReceiveTimeout = (int)WorkerProgram.Patience.TotalMilliseconds;
        await caller.ConnectAsync(scheme == "tcp"
            ? new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, server.Addresses[0].Port)
            : new UnixDomainSocketEndPoint(path));
        var buffer = new byte[64];
        foreach (string text in (string[])["hello", "again"])
        {
            caller.Send(Encoding.UTF8.GetBytes(text));
            Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, caller.Receive(buffer)));
        }

        caller.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, caller.Receive(buffer));
        await WorkerProgram.UntilAsync(() => server.ActiveConnections == 0, "the parent hears of the end");
    }

    [Fact]
    public async Task Each_caller_has_a_process_of_its_own_that_is_not_the_servers()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller one = await Caller.ConnectAsync(server.Addresses[0]);
        using Caller two = await Caller.ConnectAsync(server.Addresses[0]);
        int[] pids = [int.Parse((await one.AskAsync("pid"))!), int.Parse((await two.AskAsync("pid"))!), Environment.ProcessId];
        Assert.Equal(3, pids.Distinct().Count());
    }

    [Fact]
    public async Task The_worker_knows_the_connection_as_the_parent_does_and_runs_the_middleware()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        string[] words = (await caller.AskAsync("id"))!.Split(' ', 4);
        Assert.Equal(("1", $"{server.Addresses[0]}", "was here"), (words[0], words[1], words[3]));
        Assert.StartsWith("127.0.0.1:", words[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_verify_hook_refuses_in_the_worker()
    {
        await using Server server = await WorkerProgram.StartAsync("refuse");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.Null(await caller.HearAsync());
        await WorkerProgram.UntilAsync(() => server.ActiveConnections == 0, "the parent hears of the refusal");
    }

    [Fact]
    public async Task What_a_handler_starts_is_no_worker_and_inherits_no_descriptor()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.Equal("none", await caller.AskAsync("variable"));
        Assert.Equal("0 1 2 3", await caller.AskAsync("child")); // 3 is the listing's own
    }

    [Fact]
    public async Task Descriptors_that_are_not_close_on_exec_stay_in_the_parent()
    {
        using var folder = new SocketFolder();
        using FileStream file = File.Create(folder["file"]);
        Assert.Equal(0, Native.ClearCloseOnExec((int)file.SafeFileHandle.DangerousGetHandle()));
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.Equal("", await caller.AskAsync("inherited"));
    }

    [Fact]
    public async Task A_worker_holds_as_many_conversations_as_it_may_and_is_then_replaced()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            Concurrency = WorkerProgram.Policy("orders", max: 1, reuse: 3),
        });
        var pids = new List<string?>();
        for (int i = 0; i < 6; i++)
        {
            using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
            Assert.Equal($"{(i % 3) + 1}", await caller.AskAsync("conversations"));
            pids.Add(await caller.AskAsync("pid"));
        }

        Assert.Equal([3, 3], pids.GroupBy(static pid => pid).Select(static group => group.Count()));
    }

    [Fact]
    public async Task Beyond_the_maximum_callers_wait_in_the_backlog()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Concurrency = WorkerProgram.Policy("orders", max: 2) });
        using Caller one = await Caller.ConnectAsync(server.Addresses[0]);
        using Caller two = await Caller.ConnectAsync(server.Addresses[0]);
        using Caller three = await Caller.ConnectAsync(server.Addresses[0]);
        await three.SayAsync("pid");
        Assert.NotNull(await one.AskAsync("pid"));
        Assert.NotNull(await two.AskAsync("pid"));
        Assert.Equal(2, server.ActiveConnections);
        Assert.True(WorkerProgram.Workers().Length >= 2);
        one.Dispose();
        Assert.NotNull(await three.HearAsync());
    }

    [Fact]
    public async Task Spares_are_ready_before_anybody_calls()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Concurrency = WorkerProgram.Policy("orders", prestart: 3) });
        await WorkerProgram.UntilAsync(() => WorkerProgram.Workers().Length == 3, "three spares");
    }

    [Fact]
    public async Task One_request_is_handled_and_the_server_is_done()
    {
        await using Server server = WorkerProgram.Create(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Concurrency = WorkerProgram.Policy("orders") });
        Task<bool> one = server.HandleOneAsync(WorkerProgram.Patience);
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await caller.AskAsync("pid"));
        caller.FinishSending();
        Assert.True(await one);
    }

    [Fact]
    public async Task A_memory_address_is_refused_with_the_reason()
    {
        await using Server server = WorkerProgram.Create(new ServerOptions { Listen = ["memory:x"], Concurrency = WorkerProgram.Policy("orders") });
        NotSupportedException e = await Assert.ThrowsAsync<NotSupportedException>(server.StartAsync);
        Assert.Contains("memory:x", e.Message, StringComparison.Ordinal);
    }
}
