using System.Diagnostics;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>How a server with workers ends: asked to, cut, or killed.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerDrainTests
{
    [Fact]
    public async Task A_drain_tells_the_workers_and_lets_them_finish()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await caller.AskAsync("pid"));
        await caller.SayAsync("closing");
        await WorkerProgram.UntilAsync(() => server.ActiveConnections == 1, "the conversation");
        Task<DrainReport> stop = server.StopAsync(WorkerProgram.Patience);
        Assert.Equal("closing", await caller.HearAsync());
        caller.FinishSending();
        DrainReport report = await stop;
        Assert.Equal((1, 0), (report.Finished, report.Stragglers.Count));
        Assert.Empty(WorkerProgram.Workers());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // F24: it cannot even hear that it should end
    public async Task A_drain_cuts_a_worker_that_hangs_and_says_what_it_did(bool stopped)
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        int pid = int.Parse((await caller.AskAsync("pid"))!);
        Assert.Equal("blocking", await caller.AskAsync("block"));
        if (stopped)
            Assert.Equal(0, Native.kill(pid, Native.SIGSTOP));
        DrainReport report = await server.StopAsync(TimeSpan.FromSeconds(1));
        Straggler straggler = Assert.Single(report.Stragglers);
        if (!stopped)
        {
            Assert.Equal("blocked for good", straggler.Activity);
            Assert.Equal("pid\nblock\n".Length, straggler.BytesReceived);
        }

        Assert.InRange(report.Duration.TotalSeconds, 0.9, 20);
        Assert.Empty(WorkerProgram.Workers());
        Assert.Null(await caller.HearAsync());
    }

    [Fact]
    public async Task A_spare_that_does_not_leave_is_killed()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        await WorkerProgram.UntilAsync(() => WorkerProgram.Workers().Length == 1, "a spare");
        Assert.Equal(0, Native.kill(WorkerProgram.Workers()[0], Native.SIGSTOP));
        Assert.True((await server.StopAsync()).IsClean);
        Assert.Empty(WorkerProgram.Workers());
    }

    [Fact]
    public async Task Disposing_cuts_at_once()
    {
        Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await caller.AskAsync("pid"));
        await server.DisposeAsync();
        Assert.Null(await caller.HearAsync());
        Assert.Empty(WorkerProgram.Workers());
    }

    [Fact]
    public async Task A_handler_in_a_worker_may_stop_the_server()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller other = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await other.AskAsync("pid"));
        await other.SayAsync("closing");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        await caller.SayAsync("stop");
        Assert.Equal("closing", await other.HearAsync());
        other.FinishSending();
        Assert.NotNull(await caller.HearAsync());
        caller.FinishSending();
        Assert.True((await server.StopAsync()).IsClean);
        Assert.Empty(WorkerProgram.Workers());
    }

    [Theory]
    [InlineData("line=no")] // the worker notices where the server would start
    [InlineData("prestart=2")]
    public async Task A_signal_to_the_whole_process_group_drains_through_the_parent(string setting)
    {
        using Program program = await Program.StartAsync(WorkerProgram.Program, "orders", setting);
        using Caller caller = await Caller.ConnectAsync(program.Address);
        Assert.NotNull(await caller.AskAsync("pid"));
        await caller.SayAsync("closing");
        Assert.Equal(0, Native.kill(-program.Id, Native.SIGINT));
        Assert.Equal("closing", await caller.HearAsync());
        caller.FinishSending();
        Assert.Equal(0, await program.ExitAsync());
        Assert.Empty(WorkerProgram.Workers(program.Id));
    }

    [Fact]
    public async Task A_program_hosted_by_dotnet_is_its_own_worker_wherever_it_has_gone_since()
    {
        using Program program = await Program.StartAsync("dotnet", $"{Path.GetRelativePath(Environment.CurrentDirectory, WorkerProgram.Program)}.dll", "orders", "move=/");
        using Caller caller = await Caller.ConnectAsync(program.Address);
        Assert.NotEqual($"{program.Id}", await caller.AskAsync("pid"));
        Assert.NotNull(await caller.AskAsync("pid"));
    }

    [Fact] // F24
    public async Task Workers_die_with_a_parent_that_is_killed()
    {
        using Program program = await Program.StartAsync(WorkerProgram.Program, "orders", "prestart=2");
        using Caller talking = await Caller.ConnectAsync(program.Address);
        using Caller blocked = await Caller.ConnectAsync(program.Address);
        using Caller stopped = await Caller.ConnectAsync(program.Address);
        List<int> pids = [];
        foreach (Caller caller in (Caller[])[talking, blocked, stopped])
            pids.Add(int.Parse((await caller.AskAsync("pid"))!));
        Assert.Equal("blocking", await blocked.AskAsync("block"));
        Assert.Equal(0, Native.kill(pids[2], Native.SIGSTOP));
        pids.AddRange(WorkerProgram.Workers(program.Id));
        Assert.Equal(0, Native.kill(program.Id, Native.SIGKILL));
        await WorkerProgram.UntilAsync(() => !pids.Exists(WorkerProgram.IsRunning), "every worker has gone", TimeSpan.FromSeconds(10));
    }

    /// <summary>The whole program, parent and workers, in a session of its own.</summary>
    private sealed class Program : IDisposable
    {
        private readonly Process _process;
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dialtone-");

        private Program(string[] arguments)
        {
            var start = new ProcessStartInfo("setsid", [.. arguments, $"ready={ReadyFile}"]);
            _process = Process.Start(start)!;
        }

        public int Id => _process.Id;

        public Address Address { get; private set; } = null!;

        private string ReadyFile => Path.Combine(_folder.FullName, "ready");

        public static async Task<Program> StartAsync(params string[] arguments)
        {
            var program = new Program(arguments);
            await WorkerProgram.UntilAsync(() => File.Exists(program.ReadyFile), "the program listens");
            program.Address = Address.Parse((await File.ReadAllTextAsync(program.ReadyFile)).Trim());
            return program;
        }

        public async Task<int> ExitAsync()
        {
            await _process.WaitForExitAsync().WaitAsync(WorkerProgram.Patience);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
