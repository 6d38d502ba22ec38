namespace Dialtone.Tests.TestKit;

public sealed class PythonPeerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_script_gets_its_arguments_and_input_and_gives_its_output_and_exit_code()
    {
        PythonResult result = await RunAsync(
            "import sys; print(sys.argv[1], sys.stdin.read()); print('Ü', file=sys.stderr); sys.exit(3)", ["é"], "in");

        Assert.Equal(new PythonResult(3, "é in\n", "Ü\n"), result);
    }

    [Fact]
    public async Task A_conversation_goes_line_by_line()
    {
        await using PythonPeer peer = Start("for line in iter(input, 'end'): print(line.upper())");

        await peer.WriteLineAsync("one");
        Assert.Equal("ONE", await peer.ReadLineAsync());
        await peer.WriteLineAsync("two");
        Assert.Equal("TWO", await peer.ReadLineAsync());
        await peer.WriteLineAsync("end");

        Assert.Null(await peer.ReadLineAsync());
        Assert.Equal(0, (await peer.WaitForExitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_script_that_hangs_is_killed_at_its_deadline_and_what_it_said_is_told()
    {
        TestKitException error = await Assert.ThrowsAsync<TestKitException>(() => RunAsync(
            "import sys, time; print('so far', file=sys.stderr); time.sleep(60)", deadline: TimeSpan.FromSeconds(1)));

        Assert.Equal(TestKitError.Deadline, error.Reason);
        Assert.Contains("peer.py", error.Message, StringComparison.Ordinal);
        Assert.Contains("so far", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_traceback_is_kept()
    {
        PythonResult result = await RunAsync("raise ValueError('broken')");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("ValueError: broken", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_leaves_before_reading_its_input_is_no_error()
    {
        PythonResult result = await RunAsync("print('gone')", input: new string('x', 1024 * 1024));

        Assert.Equal("gone\n", result.Output);
    }

    [Fact]
    public async Task Disposing_ends_a_script_that_still_runs()
    {
        PythonPeer peer = Start("import time; print('up', flush=True); time.sleep(60)");
        Assert.Equal("up", await peer.ReadLineAsync());
        int id = peer.ProcessId;

        await peer.DisposeAsync();

        Assert.Throws<ArgumentException>(() => System.Diagnostics.Process.GetProcessById(id));
    }

    private PythonPeer Start(string script, TimeSpan? deadline = null, params string[] arguments)
    {
        string path = Path.Combine(_folder, "peer.py");
        File.WriteAllText(path, script);
        try
        {
            return PythonPeer.Start(path, arguments, deadline);
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    private async Task<PythonResult> RunAsync(string script, string[]? arguments = null, string input = "", TimeSpan? deadline = null)
    {
        await Start("", deadline).DisposeAsync(); // skips where there is no python3
        string path = Path.Combine(_folder, "peer.py");
        await File.WriteAllTextAsync(path, script);
        return await PythonPeer.RunAsync(path, arguments, input, deadline);
    }
}
