using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Dialtone.Cli.Tests;

/// <summary>The real tool in a process of its own: what it prints, what it is told, how it ends.</summary>
internal sealed partial class ToolProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private readonly Process _process;
    private readonly StringBuilder _error = new(); // under itself
    private readonly Task _errorEnd;

    private ToolProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = start.StandardErrorEncoding = Utf8;
        _process = Process.Start(start)!;
        _errorEnd = CollectErrorAsync();
    }

    /// <summary>Stands beside this program in the artifacts, in the same configuration.</summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Dialtone.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "dialtone"));

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>What it has written to standard error so far.</summary>
    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    public static ToolProcess Start(params string[] words) => StartWith(new Dictionary<string, string>(), words);

    public static ToolProcess StartWith(IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        var start = new ProcessStartInfo(Program, words);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new ToolProcess(start);
    }

    /// <summary>Starts it in a folder.</summary>
    public static ToolProcess StartIn(string folder, IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        var start = new ProcessStartInfo(Program, words) { WorkingDirectory = folder };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new ToolProcess(start);
    }

    /// <summary>Starts it as the leader of a process group of its own, as a shell with a terminal does.</summary>
    public static ToolProcess StartInGroup(params string[] words) => new(new ProcessStartInfo("setsid", [Program, .. words]));

    /// <summary>Starts it with so many file descriptors.</summary>
    public static ToolProcess StartWithin(int descriptors, IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"ulimit -n {descriptors}; exec \"$0\" \"$@\"", Program, .. words]);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new ToolProcess(start);
    }

    /// <summary>Starts it in a network namespace.</summary>
    public static ToolProcess StartOn(string machine, IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        var start = new ProcessStartInfo("ip", ["netns", "exec", machine, Program, .. words]); // which becomes it
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new ToolProcess(start);
    }

    /// <summary>Starts it by a script of Python, which opens sockets for it and then becomes it.</summary>
    public static ToolProcess StartBy(string script, string sockets, params string[] words) =>
        new(new ProcessStartInfo("python3", ["-I", "-B", script, Program, sockets, .. words]));

    /// <summary>Runs it to its end.</summary>
    public static Task<ToolResult> RunAsync(params string[] words) => RunWithAsync("", new Dictionary<string, string>(), words);

    /// <summary>Runs it to its end with something on its standard input.</summary>
    public static Task<ToolResult> FeedAsync(string input, params string[] words) => RunWithAsync(input, new Dictionary<string, string>(), words);

    public static async Task<ToolResult> RunWithAsync(string input, IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        await using ToolProcess tool = StartWith(environment, words);
        try
        {
            await tool.Input.WriteAsync(input);
            tool.Input.Close();
        }
        catch (IOException)
        {
            // It left before it had read everything.
        }

        return await tool.EndAsync();
    }

    /// <summary>A server that has printed where it listens.</summary>
    public static async Task<(ToolProcess Tool, Address[] Addresses)> ServeAsync(int listeners, params string[] words)
    {
        ToolProcess tool = Start(["serve", .. words]);
        return (tool, await tool.AddressesAsync(listeners));
    }

    public async Task<Address[]> AddressesAsync(int listeners)
    {
        var addresses = new Address[listeners];
        for (int i = 0; i < listeners; i++)
        {
            string line = await ReadLineAsync() ?? throw new EndOfStreamException($"The tool ended: {Error}");
            Assert.StartsWith("listening ", line, StringComparison.Ordinal);
            addresses[i] = line["listening ".Length..];
        }

        return addresses;
    }

    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);

    /// <summary>Leaves its standard output to itself, as <c>head</c> does when it has seen enough.</summary>
    public void StopReading() => _process.StandardOutput.Close();

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Waits until it has written something to standard error.</summary>
    public async Task UntilErrorAsync(string part)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!Error.Contains(part, StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience && !_process.HasExited, $"It never said '{part}'. It said: {Error}");
            await Task.Delay(10);
        }
    }

    public void Signal(int number) => Assert.Equal(0, Kill(Id, number));

    public void SignalGroup(int number) => Assert.Equal(0, Kill(-Id, number));

    public async Task<ToolResult> EndAsync(TimeSpan? patience = null)
    {
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(patience ?? Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _errorEnd.WaitAsync(Patience);
        return new ToolResult(_process.ExitCode, output, Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task CollectErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_error)
                _error.Append(line).Append('\n');
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>How the tool ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error);
