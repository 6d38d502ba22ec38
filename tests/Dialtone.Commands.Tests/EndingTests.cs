using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>How commands are made to end, and that nothing of them stays.</summary>
public sealed class EndingTests
{
    /// <summary>A limit that a shell on a busy machine has begun within.</summary>
    private static readonly TimeSpan LongEnoughToBegin = TimeSpan.FromSeconds(3);

    [Fact] // H07
    public async Task A_time_limit_ends_it()
    {
        Finished ran = await Shell.RunAsync("echo begun; sleep 1000", new CommandLimits { Time = LongEnoughToBegin });
        Assert.Equal(("begun\n", CommandEnd.TimeLimit, "TERM", 124), (ran.Output, ran.Report.Reason, ran.Report.Signal, ran.Report.ShellStatus));
    }

    [Fact] // H07
    public async Task One_that_ignores_the_request_to_end_is_killed()
    {
        var limits = new CommandLimits { Time = LongEnoughToBegin, Grace = TimeSpan.FromMilliseconds(200) };
        Finished ran = await Shell.RunAsync("trap '' TERM; while :; do sleep 1; done", limits);
        Assert.Equal((CommandEnd.TimeLimit, "KILL"), (ran.Report.Reason, ran.Report.Signal));
    }

    [Theory] // H07
    [InlineData("sleep 987 & sleep 987")]
    [InlineData("(sleep 987 &) ; sleep 987")]
    [InlineData("setsid sleep 987 & sleep 987")]
    [InlineData("(setsid sh -c 'trap \"\" TERM; sleep 987; sleep 987' >/dev/null 2>&1 &) ; sleep 987")]
    [InlineData("trap '' TERM; sleep 987 & sleep 987")]
    public async Task When_the_caller_leaves_every_process_of_it_is_gone(string line)
    {
        RunningCommand command = await Shell.StartAsync($"{line} & echo up; wait", "run-" + Guid.NewGuid().ToString("n"));
        await Shell.UntilAsync(command.Output, new StringBuilder(), "up\n");
        await command.DisposeAsync();
        await Shell.GoneAsync(command);
    }

    [Fact] // H08
    public async Task A_process_left_behind_that_holds_the_pipe_does_not_hold_the_end()
    {
        long begun = TimeProvider.System.GetTimestamp();
        Finished ran = await Shell.RunAsync("sleep 987 & echo done");
        Assert.Equal(("done\n", 0, true), (ran.Output, ran.Report.Status, ran.Report.LeftProcessesBehind));
        Assert.True(TimeProvider.System.GetElapsedTime(begun) < Shell.Patience);
    }

    [Fact]
    public async Task A_process_left_behind_that_holds_no_pipe_is_ended_as_well()
    {
        RunningCommand command = await Shell.StartAsync("sleep 987 >/dev/null 2>&1 & echo done");
        Assert.Equal("done\n", Encoding.UTF8.GetString(await Shell.ReadAsync(command.Output)));
        Assert.Empty(await Shell.ReadAsync(command.Error));
        Assert.True((await command.Ended.WaitAsync(Shell.Patience)).LeftProcessesBehind);
        await Shell.GoneAsync(command);
    }

    [Fact]
    public async Task What_a_process_left_behind_still_writes_is_waited_for()
    {
        Finished ran = await Shell.RunAsync("echo first; (for i in 1 2 3; do sleep 0.2; echo $i; done) &", new CommandLimits { Quiet = TimeSpan.FromSeconds(20) });
        Assert.Equal(("first\n1\n2\n3\n", false), (ran.Output, ran.Report.LeftProcessesBehind));
    }

    [Fact] // H09
    public async Task An_output_limit_is_exact_and_ends_it()
    {
        Finished ran = await Shell.RunAsync("yes", new CommandLimits { OutputBytes = 100_001 });
        Assert.Equal((100_001, CommandEnd.OutputLimit), (ran.Output.Length, ran.Report.Reason));
        Assert.Equal(100_001, ran.Report.Output.Bytes);
    }

    [Fact] // H09
    public async Task A_slow_reader_slows_the_command()
    {
        await using RunningCommand command = await Shell.StartAsync("i=0; while [ $i -lt 64 ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $i >&2; done");
        var counted = new StringBuilder();
        await Shell.UntilAsync(command.Error, counted, "\n");
        Task<byte[]> counting = Shell.ReadAsync(command.Error);
        // Nobody reads standard output: the command can fill a pipe and not more.
        await Task.WhenAny(counting, Task.Delay(300));
        Assert.False(counting.IsCompleted);
        Assert.Equal(64 * 65536, (await Shell.ReadAsync(command.Output)).Length);
        Assert.EndsWith("64\n", Encoding.UTF8.GetString(await counting), StringComparison.Ordinal);
        Assert.Equal(0, (await command.Ended).Status);
    }

    [Fact]
    public async Task A_processor_limit_ends_it()
    {
        Finished ran = await Shell.RunAsync("while :; do :; done", new CommandLimits { CpuTime = TimeSpan.FromSeconds(1) });
        Assert.Equal((CommandEnd.CpuLimit, 124), (ran.Report.Reason, ran.Report.ShellStatus));
    }

    [Fact] // H12
    public async Task A_flood_of_processes_is_ended()
    {
        const string Line = "i=0; while [ $i -lt 300 ]; do sleep 987 & i=$((i+1)); done; echo all up; wait";
        Finished ran = await Shell.RunAsync(Line, new CommandLimits { Processes = 50 });
        Assert.Equal((CommandEnd.ProcessLimit, "KILL"), (ran.Report.Reason, ran.Report.Signal));
        Assert.Equal("alive\n", (await Shell.RunAsync("echo alive")).Output);
    }

    [Fact] // H12
    public async Task A_flood_of_processes_that_leave_the_session_is_ended_as_well()
    {
        const string Line = "i=0; while [ $i -lt 60 ]; do setsid sleep 987 >/dev/null 2>&1 & i=$((i+1)); done; sleep 987";
        var start = new CommandStart { Program = "/bin/sh", Arguments = ["-c", Line], Environment = Shell.Path, Limits = new CommandLimits { Processes = 20 } };
        await using RunningCommand command = await CommandRunner.StartAsync(start);
        await Task.WhenAll(Shell.ReadAsync(command.Output), Shell.ReadAsync(command.Error));
        Assert.Equal(CommandEnd.ProcessLimit, (await command.Ended.WaitAsync(Shell.Patience)).Reason);
        await Shell.GoneAsync(command);
    }

    [Fact]
    public async Task A_time_limit_may_be_longer_than_a_timer_can_be()
    {
        Finished ran = await Shell.RunAsync("echo done", new CommandLimits { Time = TimeSpan.FromDays(365) });
        Assert.Equal(("done\n", 0), (ran.Output, ran.Report.Status));
    }

    [Fact]
    public async Task Dead_processes_that_nobody_buries_are_not_waited_for()
    {
        // The second child stays dead and unburied in the command's group: its parent, which went away, looks after nobody.
        const string Line = """
            python3 -c '
            import os, time
            told, tell = os.pipe()
            if os.fork() == 0:
                if os.fork() == 0:
                    os._exit(0)
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
                os.setsid()
                os.closerange(0, 3)
                os.write(tell, b"x")
                time.sleep(100)
            os.read(told, 1)'
            """;
        long begun = TimeProvider.System.GetTimestamp();
        await using RunningCommand command = await CommandRunner.StartAsync(new CommandStart
        {
            Program = "/bin/sh", Arguments = ["-c", Line], Environment = Shell.Path, Limits = new CommandLimits { Grace = TimeSpan.FromSeconds(50) },
        });
        Assert.Empty(await Shell.ReadAsync(command.Error));
        await Shell.ReadAsync(command.Output);
        CommandReport report = await command.Ended.WaitAsync(Shell.Patience);
        _ = ProcessList.SignalAll(command.Mark, 9);
        Assert.Equal((0, false), (report.Status, report.LeftProcessesBehind));
        Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(25));
    }

    [Fact] // H12
    public async Task Who_wants_more_memory_than_allowed_is_ended_with_all_its_processes()
    {
        Assert.SkipUnless(CommandRunner.CanBoundMemory, "This system gives no control group to bound memory with.");
        const string Line = "python3 -c 'b = bytearray(200 << 20); print(len(b))'; echo the shell goes on; sleep 987";
        Finished ran = await Shell.RunAsync(Line, new CommandLimits { MemoryBytes = 64 << 20 });
        Assert.Equal(CommandEnd.MemoryLimit, ran.Report.Reason);
        Assert.DoesNotContain("209715200", ran.Output, StringComparison.Ordinal);
        Finished within = await Shell.RunAsync("python3 -c 'b = bytearray(200 << 20); print(len(b))'", new CommandLimits { MemoryBytes = 400 << 20 });
        Assert.Equal((CommandEnd.Finished, 0, "209715200\n"), (within.Report.Reason, within.Report.Status, within.Output));
    }

    [Fact]
    public async Task The_memory_of_all_processes_of_a_command_counts_together()
    {
        Assert.SkipUnless(CommandRunner.CanBoundMemory, "This system gives no control group to bound memory with.");
        const string Line = "for i in 1 2 3 4; do python3 -c 'import time; b = bytearray(40 << 20); time.sleep(987)' & done; wait";
        Assert.Equal(CommandEnd.MemoryLimit, (await Shell.RunAsync(Line, new CommandLimits { MemoryBytes = 96 << 20 })).Report.Reason);
    }

    [Fact]
    public async Task A_command_with_bounded_memory_leaves_no_control_group_behind()
    {
        Assert.SkipUnless(CommandRunner.CanBoundMemory, "This system gives no control group to bound memory with.");
        var start = new CommandStart { Program = "/bin/cat", Folder = "/", Limits = new CommandLimits { MemoryBytes = 64 << 20 } };
        for (int i = 0; i < 30; i++)
        {
            await using RunningCommand command = await CommandRunner.StartAsync(start);
            string group = MemoryGroup.Candidates(File.ReadAllText($"/proc/{command.ProcessId}/cgroup"), File.ReadAllText("/proc/self/mountinfo"))
                .Select(place => place.Folder).Single(folder => folder.Contains("dialtone-", StringComparison.Ordinal));
            Assert.True(Directory.Exists(group));
            await command.Input.DisposeAsync();
            await Shell.ReadAsync(command.Output);
            await Shell.ReadAsync(command.Error);
            await command.Ended.WaitAsync(Shell.Patience);
            Assert.False(Directory.Exists(group));
        }
    }

    [Theory]
    // systemd with DelegateSubgroup=server; a container with a namespace of its own; version 1; a container that sees a part of the tree
    [InlineData("0::/system.slice/d.service/server", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "2 /sys/fs/cgroup/system.slice/d.service", "2 /sys/fs/cgroup/system.slice/d.service/server")]
    [InlineData("0::/", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw", "2 /sys/fs/cgroup")]
    [InlineData("4:memory:/a/b\n0::/", "35 31 0:32 / /g/memory rw shared:1 - cgroup cgroup rw,memory\n41 31 0:38 / /g/unified rw - cgroup2 cgroup2 rw", "1 /g/memory/a/b", "2 /g/unified")]
    [InlineData("7:cpu,memory:/docker/c1", "35 31 0:32 /docker/c1 /g/memory rw - cgroup cgroup rw,cpu,memory", "1 /g/memory")]
    [InlineData("0::/../elsewhere", "30 23 0:26 /here /sys/fs/cgroup rw - cgroup2 cgroup2 rw")]
    public void The_place_for_control_groups_is_found_as_the_system_tells_it(string own, string mounts, params string[] expected) =>
        Assert.Equal(expected, MemoryGroup.Candidates(own, mounts).Select(place => $"{(place.IsUnified ? 2 : 1)} {place.Folder}"));

    [Fact]
    public async Task Signals_reach_the_whole_group()
    {
        await using RunningCommand command = await Shell.StartAsync("trap 'wait; echo outer; exit 3' USR1; sh -c 'trap \"echo inner; exit\" USR1; echo up; while :; do sleep 0.05; done' & wait");
        var output = new StringBuilder();
        await Shell.UntilAsync(command.Output, output, "up\n");
        Assert.True(command.Send("USR1"));
        Assert.False(command.Send("CHLD"));
        await Shell.UntilAsync(command.Output, output, "outer\n");
        Assert.Equal("up\ninner\nouter\n", output.ToString());
        Assert.Empty(await Shell.ReadAsync(command.Output));
        await Shell.ReadAsync(command.Error); // what shells say of children that a signal ended
        Assert.Equal(3, (await command.Ended).Status);
    }

    [Fact]
    public async Task The_childrens_statuses_of_System_Diagnostics_Process_are_left_alone()
    {
        using var other = System.Diagnostics.Process.Start("/bin/sh", ["-c", "sleep 0.3; exit 42"]);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Shell.RunAsync("sleep 0.1; exit 5")));
        await other.WaitForExitAsync();
        Assert.Equal(42, other.ExitCode);
        Assert.Equal(5, (await Shell.RunAsync("exit 5")).Report.Status);
    }
}
