using System.Text;

namespace Dialtone.Commands.Tests;

public sealed class RunnerTests
{
    [Fact]
    public async Task A_command_writes_to_both_streams_and_exits_with_its_status()
    {
        Finished ran = await Shell.RunAsync("echo out; echo err >&2; exit 7");
        Assert.Equal(("out\n", "err\n"), (ran.Output, ran.Error));
        Assert.Equal((CommandEnd.Finished, 7, null, 7), (ran.Report.Reason, ran.Report.Status, ran.Report.Signal, ran.Report.ShellStatus));
        Assert.Equal((4L, 4L), (ran.Report.Output.Bytes, ran.Report.Error.Bytes));
    }

    [Fact]
    public async Task The_checksums_are_those_of_the_streams()
    {
        Finished ran = await Shell.RunAsync("printf 123456789; printf a >&2");
        Assert.Equal((0xE3069283u, 0xC1D04330u), (ran.Report.Output.Crc32C, ran.Report.Error.Crc32C)); // RFC 3720's check value
        Assert.Equal(new StreamReport(0, 0), (await Shell.RunAsync("true")).Report.Output);
    }

    [Fact] // H14
    public async Task Every_exit_status_is_told()
    {
        for (int status = 0; status <= 255; status++)
            Assert.Equal((status, null), ((await Shell.RunAsync($"exit {status}")).Report is var report ? report.Status : null, report.Signal));
    }

    [Fact]
    public async Task The_memory_that_is_told_is_the_commands_own()
    {
        Assert.Equal(0, (await Shell.RunAsync("true")).Report.MaxMemoryBytes); // less than this process holds, and so not known
        using var own = System.Diagnostics.Process.GetCurrentProcess();
        long more = own.PeakWorkingSet64 + (64 << 20);
        Assert.SkipWhen(more > 1L << 30, "This process has held so much that a command would have to hold too much.");
        long most = (await Shell.RunAsync($"python3 -c 'b = bytearray({more})'")).Report.MaxMemoryBytes;
        Assert.InRange(most, more, more + (64 << 20));
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    [InlineData("PIPE", 141)]
    public async Task A_signal_that_ends_it_is_told(string signal, int shellStatus)
    {
        CommandReport report = (await Shell.RunAsync($"kill -{signal} $$")).Report;
        Assert.Equal((null, signal, shellStatus, CommandEnd.Finished), (report.Status, report.Signal, report.ShellStatus, report.Reason));
    }

    [Fact]
    public async Task A_missing_program_and_one_that_cannot_run_are_told_apart()
    {
        using var folder = new Cli.Tests.Folder();
        string plain = folder.Write("plain", "no program\n");
        string orphan = folder.Write("orphan", "#!/no/such/interpreter\n", (UnixFileMode)0b111_101_101);
        Assert.Equal(CommandError.NotFound, await Shell.FailAsync(new CommandStart { Program = "/no/such/program" }));
        Assert.Equal(CommandError.NotFound, await Shell.FailAsync(new CommandStart { Program = orphan }));
        Assert.Equal(CommandError.NotExecutable, await Shell.FailAsync(new CommandStart { Program = plain }));
        Assert.Equal(CommandError.NotExecutable, await Shell.FailAsync(new CommandStart { Program = "/" }));
        Assert.Equal(CommandError.BadRequest, await Shell.FailAsync(new CommandStart { Program = "/bin/true", Folder = folder["missing"] }));
        Assert.Equal(CommandError.BadRequest, await Shell.FailAsync(new CommandStart { Program = "/bin/true", Arguments = ["a\0b"] }));
        Assert.Equal(CommandError.BadRequest, await Shell.FailAsync(new CommandStart { Program = "/bin/true", Arguments = [new string('x', 1 << 20)] }));
    }

    [Fact] // H01
    public async Task Words_arrive_byte_for_byte()
    {
        string[] words = ["; id", "$(id)", "`id`", "a\nb", "'", "\"", "*", "~", "", " ", "-n", "\\", "été 中文 🎉", "\u001b[31m"];
        Finished ran = await Shell.RunAsync(new CommandStart { Program = "/usr/bin/printf", Arguments = ["%s\\0", .. words] });
        Assert.Equal(words, ran.Output.Split('\0')[..^1]);
    }

    [Fact] // H04
    public async Task The_environment_is_the_one_given_and_the_name_of_the_run()
    {
        Finished ran = await Shell.RunAsync(new CommandStart
        {
            Program = "/usr/bin/env",
            Environment = new Dictionary<string, string> { ["ONE"] = "1", ["EMPTY"] = "" },
            RunId = "0123456789abcdef",
        });
        Assert.Equal("DIALTONE_RUN=0123456789abcdef\nONE=1\nEMPTY=\n", ran.Output);
    }

    [Fact] // H05
    public async Task Only_three_descriptors_are_inherited()
    {
        using FileStream held = File.OpenRead("/dev/null");
        Finished ran = await Shell.RunAsync(new CommandStart { Program = "/bin/ls", Arguments = ["/proc/self/fd"] });
        Assert.Equal("0\n1\n2\n3\n", ran.Output); // the fourth is the folder that ls reads
    }

    [Fact] // H06
    public async Task It_starts_with_default_signals_its_own_session_folder_and_mask()
    {
        Finished ran = await Shell.RunAsync(new CommandStart
        {
            Program = "/bin/sh",
            Arguments = ["-c", "grep -E '^(Sig(Ign|Blk)|NoNewPrivs):' /proc/self/status; umask; pwd; cut -d' ' -f1,5,6 /proc/$$/stat"],
            Environment = Shell.Path,
            Folder = "/usr/bin",
            Umask = (UnixFileMode)0b000_010_111,
        });
        string[] lines = ran.Output.Split('\n');
        Assert.Equal("SigBlk:\t0000000000000000", lines[0]);
        const ulong OwnOfLibc = 3UL << 31; // signals 32 and 33, which glibc keeps to itself
        Assert.Equal(0UL, Convert.ToUInt64(lines[1]["SigIgn:\t".Length..], 16) & ~OwnOfLibc);
        Assert.Equal("NoNewPrivs:\t1", Assert.Single(lines, line => line.StartsWith("NoNewPrivs", StringComparison.Ordinal)));
        Assert.Equal(["0027", "/usr/bin"], lines[^4..^2]);
        string[] ids = lines[^2].Split(' ');
        Assert.Equal((ids[0], ids[0]), (ids[1], ids[2]));
    }

    [Fact]
    public async Task The_mask_of_one_command_is_not_the_next_ones()
    {
        string usual = (await Shell.RunAsync("umask")).Output;
        var strict = new CommandStart { Program = "/bin/sh", Arguments = ["-c", "umask"], Umask = (UnixFileMode)0b000_111_111 };
        Assert.Equal("0077\n", (await Shell.RunAsync(strict)).Output);
        Assert.Equal(usual, (await Shell.RunAsync("umask")).Output);
    }

    [Fact]
    public async Task Input_passes_through_and_its_end_is_told()
    {
        byte[] sent = Shell.Bytes(Shell.IsLong ? 1 << 30 : 16 << 20);
        await using RunningCommand command = await CommandRunner.StartAsync(new CommandStart { Program = "/bin/cat" });
        Task<byte[]> reading = Shell.ReadAsync(command.Output);
        await command.Input.WriteAsync(sent);
        await command.Input.DisposeAsync();
        byte[] back = await reading;
        Assert.True(sent.AsSpan().SequenceEqual(back));
        Assert.Empty(await Shell.ReadAsync(command.Error));
        Assert.Equal(0, (await command.Ended).Status);
    }

    [Fact] // H10
    public async Task Both_streams_full_at_once_do_not_lock_each_other()
    {
        int megabytes = Shell.IsLong ? 100 : 8;
        string dd = $"dd if=/dev/zero bs=1M count={megabytes} status=none";
        await using RunningCommand command = await Shell.StartAsync($"{dd} >&2 & {dd}; wait");
        // One stream to its end before the other is looked at would stop at a pipe's length, were they one.
        long error = 0, output = 0;
        await Task.WhenAll(Count(command.Error, count => error += count), Count(command.Output, count => output += count)).WaitAsync(Shell.Patience);
        Assert.Equal((megabytes * 1024L * 1024, megabytes * 1024L * 1024), (output, error));
        Assert.Equal(0, (await command.Ended).Status);

        static async Task Count(Stream stream, Action<int> count)
        {
            var buffer = new byte[64 * 1024];
            int got;
            while ((got = await stream.ReadAsync(buffer)) > 0)
                count(got);
        }
    }

    [Fact] // H11
    public async Task Input_that_nobody_reads_ends_with_the_command()
    {
        await using RunningCommand command = await Shell.StartAsync("exec 0<&-; echo done");
        await Assert.ThrowsAsync<IOException>(async () => await command.Input.WriteAsync(new byte[1 << 20]).AsTask().WaitAsync(Shell.Patience));
        Assert.Equal("done\n", Encoding.UTF8.GetString(await Shell.ReadAsync(command.Output)));
    }

    [Fact]
    public async Task Two_hundred_commands_run_at_once()
    {
        Finished[] all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Shell.RunAsync($"echo {i}; exit {i}"))).WaitAsync(Shell.Patience);
        for (int i = 0; i < all.Length; i++)
            Assert.Equal(($"{i}\n", i), (all[i].Output, all[i].Report.Status));
    }

    [Fact]
    public async Task A_terminal_has_a_size_and_echoes()
    {
        await using RunningCommand command = await CommandRunner.StartAsync(new CommandStart
        {
            Program = "/bin/sh",
            Arguments = ["-c", "tty </dev/tty >/dev/null && stty size; read line; stty size; echo got $line"],
            Environment = Shell.Path,
            Terminal = new TerminalSize(100, 30),
        });
        var screen = new StringBuilder();
        await Shell.UntilAsync(command.Output, screen, "30 100\r\n");
        command.Resize(new TerminalSize(120, 40));
        await command.Input.WriteAsync("hello\r"u8.ToArray());
        await Shell.UntilAsync(command.Output, screen, "got hello\r\n");
        Assert.Equal("30 100\r\nhello\r\n40 120\r\ngot hello\r\n", screen.ToString());
        Assert.Empty(await Shell.ReadAsync(command.Output));
        Assert.Equal(0, (await command.Ended).Status);
    }
}
